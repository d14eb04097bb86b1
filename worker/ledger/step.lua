-- Note what is about to be done, and renew the lease. With a subject (one thing of one
-- person) nobody else may change that until this request has ended: not while its
-- holder is at work, and not after it has begun to write and was not yet resumed, but
-- for a day at most, since its record may be gone.
-- A removal counts once, with its first step; one too many in a minute opens the fuse.
-- KEYS: request [, subject, epoch, restored] [, removals, fuse]
-- ARGV: token, lease_ms, step ('' = none, only the subject is wanted), intent, most
--       removals in a minute ('' = it is none), taking ('first' = what the subject is
--       like will be read; 'late' = it has been read; 'kept' = it was taken by this claim)
-- Answer: 1 held, 0 lost, 2 the subject is another's, 3 the fuse is open, 4 and was not
--         before; or 1, grants, epoch, restored, 1 if it was ours already
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[1] ~= 'working' or known[2] ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = 1

if #KEYS >= 4 then
	local held = redis.call('HMGET', KEYS[2], 'holder', 'token', 'grants', 'changed_us')
	local was_ours = held[1] == KEYS[1]
	if ARGV[6] == 'kept' and not (was_ours and held[2] == ARGV[1]) then
		return 2
	end
	-- Tokens are times as well: of the claim that they were given for.
	if ARGV[6] == 'late' and not was_ours and held[4] and
		tonumber(held[4]) > tonumber(ARGV[1]) then
		return 2
	end
	if held[1] and not was_ours then
		-- The holder is a request of the same group, so its key is on this node.
		local other = redis.call('HMGET', held[1], 'state', 'token', 'lease_until_ms', 'step')
		local open = other[1] and other[1] ~= 'done' and other[1] ~= 'published'
		local at_work = other[1] == 'working' and other[2] == held[2] and
			tonumber(other[3]) > now_ms
		local has_begun = other[4] and tonumber(other[3]) > now_ms - 86400000
		if open and (at_work or has_begun) then
			return 2
		end
	end
	redis.call('HSET', KEYS[2], 'holder', KEYS[1], 'token', ARGV[1])
	if not held[3] then
		redis.call('PEXPIRE', KEYS[2], 86400000)
	end
	answer = {1, held[3] or '', redis.call('GET', KEYS[3]) or '',
		redis.call('GET', KEYS[4]) or '', was_ours and 1 or 0}
end

local most = tonumber(ARGV[5])
if most and redis.call('HEXISTS', KEYS[1], 'counted') == 0 then
	local removals, fuse = KEYS[#KEYS - 1], KEYS[#KEYS]
	if redis.call('EXISTS', fuse) == 1 then
		return 3
	end
	if ARGV[3] ~= '' then
		redis.call('ZREMRANGEBYSCORE', removals, '-inf', now_ms - 60000)
		if redis.call('ZCARD', removals) >= most then
			redis.call('HSET', fuse, 'tripped_ms', string.format('%.0f', now_ms),
				'request', KEYS[1], 'limit', ARGV[5])
			return 4
		end
		redis.call('ZADD', removals, now_ms, KEYS[1])
		redis.call('PEXPIRE', removals, 60000)
		redis.call('HSET', KEYS[1], 'counted', '1')
	end
end

redis.call('HSET', KEYS[1], 'lease_until_ms', string.format('%.0f', now_ms + ARGV[2]))
if ARGV[3] ~= '' then
	redis.call('HSET', KEYS[1], 'step', ARGV[3], 'intent', ARGV[4])
end
return answer
