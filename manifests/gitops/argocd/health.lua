-- Health of ModelProviders, ModelDeployments, CanaryEndpoints and ModelBudgets, by the rules of kstatus. It needs no library, so it
-- runs with resource.customizations.useOpenLibs off. Argo CD itself says Progressing of what is being deleted.
--
-- Degraded ends a sync or a wave as failed, and only `Stalled` is that: what the operator still tries is Progressing.
-- Nothing is ever Suspended, which would hold a wave for ever: a paused model is as Git wants it, and so Healthy.

local status = obj.status
local waiting = { status = "Progressing", message = "Waiting for the operator to process this generation" }

if status == nil or status.conditions == nil then
  return waiting
end
if status.observedGeneration ~= obj.metadata.generation then
  return waiting
end

local function find(type)
  for _, condition in ipairs(status.conditions) do
    if condition.type == type then
      return condition
    end
  end
  return { status = "Unknown", reason = "Pending", message = "The operator has not said yet" }
end

local function say(health, condition)
  return { status = health, message = condition.reason .. ": " .. condition.message }
end

local ready = find("Ready")
local stalled = find("Stalled")

if find("Reconciling").status == "True" then
  return say("Progressing", find("Reconciling"))
end
if stalled.status == "True" then
  return say("Degraded", stalled)
end
if ready.status ~= "True" then
  return say("Progressing", ready)
end
if status.message ~= nil then
  -- A CanaryEndpoint is Ready all through a rollout; this says where it is, and whom it waits for.
  return { status = "Healthy", message = status.message }
end
return say("Healthy", ready)
