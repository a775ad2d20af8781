-- Freezes the rollout where it is; it still goes back when a target fails.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] = "pause:" .. obj.status.rollout.id
return obj
