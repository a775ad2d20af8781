-- Lets the rollout leave its present step. It names the step, so that a second click does not skip one.
-- status.step is "2/4", and without Lua's string library that is taken apart by putting it together.
local function number_of(step)
  for count = 1, 40 do
    for number = 1, count do
      if number .. "/" .. count == step then
        return number
      end
    end
  end
  error("status.step is not like 2/4")
end

obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] =
  "advance:" .. obj.status.rollout.id .. "/" .. number_of(obj.status.step)
return obj
