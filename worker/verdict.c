/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.c - what follows from what happened. The only file that decides.
 *
 * Two questions: which reason of ours stands for Grafana's no, unless an operation knows
 * it better; and what becomes of a job after an attempt. Everything else reports.
 */
#include "worker/verdict.h"

#include "worker/backoff.h"

enum reason verdict_of_answer(enum answer_code code)
{
	static const enum reason reasons[] = {
		[ANSWER_OK] = REASON_OK,
		[ANSWER_DOUBT] = REASON_GRAFANA_REJECTED, /* operations settle doubt themselves */
		[ANSWER_NOT_FOUND] = REASON_ACCOUNT_NOT_FOUND,
		[ANSWER_EXISTS] = REASON_ACCOUNT_EXISTS,
		[ANSWER_CHANGED] = REASON_DASHBOARD_CONFLICT,
		[ANSWER_NOT_MEMBER] = REASON_ROLE_UNEXPECTED,
		[ANSWER_LAST_ADMIN] = REASON_ORG_LAST_ADMIN,
		[ANSWER_EXTERNALLY_SYNCED] = REASON_ORG_EXTERNALLY_SYNCED,
		[ANSWER_EXTERNAL] = REASON_ACCOUNT_EXTERNAL,
		[ANSWER_PROVISIONED] = REASON_ACCOUNT_PROVISIONED,
		[ANSWER_ROLE_INVALID] = REASON_ROLE_INVALID,
		[ANSWER_PASSWORD_POLICY] = REASON_PASSWORD_POLICY,
		[ANSWER_LIFETIME] = REASON_TOKEN_LIFETIME,
		[ANSWER_SESSIONS_REMAIN] = REASON_OK, /* done, but for one thing: likewise */
		[ANSWER_MAIL_OFF] = REASON_OK,
		[ANSWER_LOGIN_FORM_OFF] = REASON_GRAFANA_UNSUPPORTED,
		[ANSWER_SELF] = REASON_ACCOUNT_PROTECTED,
		[ANSWER_PERMISSION] = REASON_GRAFANA_PERMISSION,
		[ANSWER_QUOTA] = REASON_GRAFANA_QUOTA,
		[ANSWER_UNSUPPORTED] = REASON_GRAFANA_UNSUPPORTED,
		[ANSWER_REJECTED] = REASON_GRAFANA_REJECTED,
	};

	return reasons[code];
}

enum verdict verdict_of_attempt(const struct attempt *attempt)
{
	if (attempt->lost)
		return VERDICT_RECLAIM;
	if (attempt->rc == 0)
		return VERDICT_SETTLE;
	if (attempt->err->kind != ERROR_RETRY)
		return VERDICT_STOP;
	if (attempt->deadline_ms != 0 && attempt->now_ms >= attempt->deadline_ms)
		return VERDICT_GIVE_UP;
	return VERDICT_RETRY;
}

int64_t verdict_delay_ms(const struct settings *settings, int64_t retries,
			 const struct error *err)
{
	return backoff_ms(settings->worker.retry_base_ms, settings->worker.retry_max_ms, retries,
			  err->retry_after_ms);
}
