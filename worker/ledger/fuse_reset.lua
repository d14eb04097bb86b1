-- Removals are let through again, and counted from nothing.
-- KEYS: removals, fuse   Answer: 1 it was open, 0 it was not
redis.call('DEL', KEYS[1])
return redis.call('DEL', KEYS[2])
