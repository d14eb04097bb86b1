-- Something is to come due, whoever else says so as well.
-- KEYS: due, due records   ARGV: id, at_ms, record   Answer: 1 new, 0 known
local new = redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[3])
if new == 1 then
	redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
return new
