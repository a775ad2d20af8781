-- Tries a destination again that was rolled back.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] = "retry:" .. obj.status.rollout.id
return obj
