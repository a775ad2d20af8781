-- Ends what the action pause began.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] = "resume:" .. obj.status.rollout.id
return obj
