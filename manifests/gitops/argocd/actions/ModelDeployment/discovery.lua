-- Only Parasail can pause a deployment.
if obj.spec.parasail == nil then
  return {}
end
local is_paused = obj.spec.paused == true
return {
  pause = { disabled = is_paused, iconClass = "fa fa-fw fa-pause" },
  resume = { disabled = not is_paused, iconClass = "fa fa-fw fa-play" },
}
