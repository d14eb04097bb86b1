-- The request that was due is committed.
-- KEYS: due, due records   ARGV: id   Answer: 1
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
