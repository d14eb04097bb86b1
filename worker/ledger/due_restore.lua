-- A request that is still to come due, found among the outcomes. It is not added when
-- it is there, or has been written already and is known.
-- KEYS: due, due records, request   ARGV: id, at_ms, record   Answer: 1 added, 0 not
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('ZSCORE', KEYS[1], ARGV[1]) then
	return 0
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
