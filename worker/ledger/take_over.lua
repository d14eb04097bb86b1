-- Move the duty to publish from a record that no longer exists to another.
-- 'to' having it already is the answer to a question whose answer was lost.
-- KEYS: request   ARGV: from, to   Answer: 1, outcome, credential; or 0 lost
local known = redis.call('HMGET', KEYS[1], 'state', 'at', 'outcome', 'credential')
if known[1] ~= 'done' or (known[2] ~= ARGV[1] and known[2] ~= ARGV[2]) then
	return {0}
end
redis.call('HSET', KEYS[1], 'at', ARGV[2])
return {1, known[3], known[4]}
