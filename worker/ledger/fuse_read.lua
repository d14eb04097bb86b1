-- The fuse of an instance's removals.
-- KEYS: removals, fuse   Answer: removals of the last minute [, tripped_ms, request, limit]
local time = redis.call('TIME')
local since_ms = time[1] * 1000 + math.floor(time[2] / 1000) - 60000
local count = redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', since_ms), '+inf')
local tripped = redis.call('HMGET', KEYS[2], 'tripped_ms', 'request', 'limit')
if not tripped[1] then
	return {count}
end
return {count, tripped[1], tripped[2], tripped[3]}
