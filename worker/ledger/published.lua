-- The outcome was committed by the record that had the duty. What is secret, though
-- sealed, goes; the outcome stays for people to look at.
-- KEYS: request   ARGV: at, horizon_ms   Answer: 1 marked, 0 not
local known = redis.call('HMGET', KEYS[1], 'state', 'at')
if known[1] ~= 'done' or known[2] ~= ARGV[1] then
	return 0
end
redis.call('HSET', KEYS[1], 'state', 'published')
redis.call('HDEL', KEYS[1], 'intent', 'step', 'credential')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
