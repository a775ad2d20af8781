-- False, not absent: an adopted deployment whose spec says nothing of it stays as it is.
obj.spec.paused = false
return obj
