-- Offers what the operator would accept now; it checks again and answers with an Event.
local status = obj.status or {}
local rollout = status.rollout or {}
local path = obj.spec.rollout or {}
local is_under_way = rollout.state == "Applying" or rollout.state == "Holding"
local is_paused = rollout.isPaused == true
local is_held = is_paused or path.paused == true
local has_origin = rollout.from ~= nil and rollout.from[1] ~= nil
local can_finish = path.limit == nil or path.limit >= 100
return {
  advance = {
    disabled = rollout.state ~= "Holding" or is_held or status.step == nil,
    iconClass = "fa fa-fw fa-step-forward",
  },
  promote = {
    disabled = not is_under_way or is_held or not can_finish,
    iconClass = "fa fa-fw fa-fast-forward",
  },
  pause = { disabled = not is_under_way or is_paused, iconClass = "fa fa-fw fa-pause" },
  resume = { disabled = not is_under_way or not is_paused, iconClass = "fa fa-fw fa-play" },
  abort = { disabled = not is_under_way or not has_origin, iconClass = "fa fa-fw fa-undo" },
  retry = { disabled = rollout.state ~= "RolledBack", iconClass = "fa fa-fw fa-redo" },
}
