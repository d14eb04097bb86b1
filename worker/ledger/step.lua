-- Note what is about to be done, and renew the lease. With a subject (one thing of one
-- person) nobody else may change that until this request has ended: not while its
-- holder is at work, and not after it has begun to write and was not yet resumed.
-- KEYS: request [, subject, epoch, restored]
-- ARGV: token, lease_ms, step ('' = none, only the subject is wanted), intent
-- Answer: 1 held, 0 lost, 2 the subject is another's; or 1, grants, epoch, restored
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[1] ~= 'working' or known[2] ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = 1

if KEYS[2] then
	local held = redis.call('HMGET', KEYS[2], 'holder', 'token', 'grants')
	if held[1] and held[1] ~= KEYS[1] then
		-- The holder is a request of the same group, so its key is on this node.
		local other = redis.call('HMGET', held[1], 'state', 'token', 'lease_until_ms', 'step')
		local open = other[1] and other[1] ~= 'done' and other[1] ~= 'published'
		local at_work = other[1] == 'working' and other[2] == held[2] and
			tonumber(other[3]) > now_ms
		if open and (at_work or other[4]) then
			return 2
		end
	end
	redis.call('HSET', KEYS[2], 'holder', KEYS[1], 'token', ARGV[1])
	if not held[3] then
		redis.call('PEXPIRE', KEYS[2], 86400000)
	end
	answer = {1, held[3] or '', redis.call('GET', KEYS[3]) or '', redis.call('GET', KEYS[4]) or ''}
end

redis.call('HSET', KEYS[1], 'lease_until_ms', string.format('%.0f', now_ms + ARGV[2]))
if ARGV[3] ~= '' then
	redis.call('HSET', KEYS[1], 'step', ARGV[3], 'intent', ARGV[4])
end
return answer
