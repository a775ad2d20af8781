-- Sends the rollout to its destination, past its steps and verdicts.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modeloperator.dev/action"] = "promote:" .. obj.status.rollout.id
return obj
