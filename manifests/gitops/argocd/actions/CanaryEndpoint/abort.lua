-- Sends the traffic back to the last good split.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] = "abort:" .. obj.status.rollout.id
return obj
