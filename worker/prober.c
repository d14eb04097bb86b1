/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober.c - what each Grafana is, found out beside the work.
 *
 * Called by daemon.c. Owns one thread, which asks one Grafana after the other: a handful
 * of cheap GETs, each bounded, over a connection of the instance's pool. While a breaker
 * is open nothing is asked; when it closes everything is asked again, since an outage is
 * what an upgrade looks like from here. In between only the version is looked at, every
 * version_check_ms.
 *
 * Fails: a probe that fails is said once, and made again at the next of these times.
 * Refused credentials open the breaker, as they do for a request: five refusals in five
 * minutes would lock the login for humans too.
 *
 * Limit: an upgrade of which neither an outage nor a check told is noticed by
 * capability.c, which asks before it refuses.
 */
#include "worker/prober.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/condition.h"
#include "base/memory.h"
#include "base/text.h"
#include "grafana/server.h"
#include "grafana/service_accounts.h"

enum {
	LOOK_MS = 500, /* breakers stay open longer than that */
	CALL_MS = 5000,
	STACK_BYTES = 1024 * 1024, /* jansson parses by recursion */
};

/* What is known of one instance; the thread's own. */
struct probed {
	struct grafana_server server;
	bool is_known;
	bool is_due;	/* everything is to be asked */
	bool was_closed; /* the breaker, at the last look */
	bool has_failed; /* and that has been said */
	int64_t check_ms; /* when the version is looked at next; steady clock */
};

struct prober {
	struct pipeline *pipeline;
	struct probed *probed;
	size_t count;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* of 'stopping' */
	pthread_cond_t wake;
	bool stopping;
};

static bool is_stopping(struct prober *prober)
{
	bool stopping;

	pthread_mutex_lock(&prober->mutex);
	stopping = prober->stopping;
	pthread_mutex_unlock(&prober->mutex);
	return stopping;
}

/* ---- saying it ---- */

static void say_server(struct prober *prober, struct grafana *grafana,
		       const struct grafana_server *server)
{
	log_write(prober->pipeline->log, LOG_INFO, "grafana is known",
		  LOG_FIELDS(LOG_TEXT("instance", grafana_settings(grafana)->name),
			     LOG_TEXT("version", server->version),
			     LOG_TEXT("edition", server->edition),
			     LOG_TEXT("credential", grafana_auth_name(grafana)),
			     LOG_TEXT("login", server->self.login),
			     LOG_NUMBER("org_id", server->org.id),
			     LOG_TEXT("org", server->org.name),
			     LOG_TEXT("server_admin", server->is_server_admin ? "yes" : "no"),
			     LOG_TEXT("login_form", server_fact_name(server->login_form)),
			     LOG_TEXT("smtp", server_fact_name(server->smtp))));
}

static bool is_the_same(const struct grafana_server *one, const struct grafana_server *other)
{
	return strcmp(one->version, other->version) == 0 &&
	       strcmp(one->edition, other->edition) == 0 &&
	       strcmp(one->self.login, other->self.login) == 0 &&
	       one->org.id == other->org.id && strcmp(one->org.name, other->org.name) == 0 &&
	       one->is_server_admin == other->is_server_admin &&
	       one->login_form == other->login_form && one->smtp == other->smtp;
}

static void say_failure(struct prober *prober, size_t index, const char *why)
{
	struct probed *probed = &prober->probed[index];

	if (!probed->has_failed)
		log_write(prober->pipeline->log, LOG_WARN, "grafana could not be probed",
			  LOG_FIELDS(LOG_TEXT("instance",
					      prober->pipeline->settings->instances[index].name),
				     LOG_TEXT("error", why)));
	probed->has_failed = true;
}

/* ---- our own service account ---- */

static void warn_own(struct prober *prober, const struct instance_settings *settings,
		     const char *message)
{
	log_write(prober->pipeline->log, LOG_WARN, message,
		  LOG_FIELDS(LOG_TEXT("instance", settings->name),
			     LOG_TEXT("service_account", settings->service_account)));
}

/* A slip in the setting would protect somebody else. A login is taken as it is. */
static void check_own_name(struct prober *prober, struct grafana_session *session,
			   const struct instance_settings *settings,
			   const struct grafana_server *server)
{
	struct grafana_service_account account;
	struct answer answer = {0};
	struct error err = {0};
	size_t count = 0;

	if (text_equal_nocase(settings->service_account, server->self.login) ||
	    text_starts_with_nocase(settings->service_account, "sa-"))
		return;
	if (grafana_service_account_by_name(session, server->org.id, settings->service_account,
					    &account, &count, &answer, &err) < 0)
		return;
	if (answer.code == ANSWER_NOT_FOUND ||
	    (answer.code == ANSWER_OK && server->self.login[0] != '\0' &&
	     !text_equal_nocase(account.login, server->self.login)))
		warn_own(prober, settings,
			 "service_account is not the token's: grantd's own is not protected");
}

/* Before 11.3 a token does not know whose it is, so the settings have to say what to
 * protect. */
static void check_own(struct prober *prober, struct grafana_session *session,
		      const struct grafana_server *server)
{
	const struct instance_settings *settings =
		grafana_settings(grafana_session_instance(session));

	if (server->org.id == 0)
		return;
	if (settings->service_account[0] != '\0')
		check_own_name(prober, session, settings, server);
	else if (server->self.login[0] == '\0')
		warn_own(prober, settings,
			 "the token's own service account is not protected: set service_account");
}

/* ---- one probe ---- */

static struct grafana_session *begin(struct prober *prober, size_t index)
{
	const struct instance_settings *settings = &prober->pipeline->settings->instances[index];
	struct grafana_session *session =
		grafana_session_begin(prober->pipeline->instances[index].grafana, NULL, NULL);

	grafana_session_probes(session, settings->request_timeout_ms < CALL_MS
						? settings->request_timeout_ms
						: CALL_MS);
	return session;
}

static void end(struct prober *prober, size_t index, struct grafana_session *session)
{
	const struct instance *instance = &prober->pipeline->instances[index];

	if (grafana_session_tally(session).unauthorized)
		scheduler_gate_refused(prober->pipeline->scheduler, instance->gate);
	grafana_session_end(session);
}

static void take(struct prober *prober, size_t index, struct grafana_session *session,
		 const struct grafana_server *server)
{
	struct probed *probed = &prober->probed[index];

	if (!probed->is_known || !is_the_same(&probed->server, server)) {
		say_server(prober, prober->pipeline->instances[index].grafana, server);
		check_own(prober, session, server);
	}
	probed->server = *server;
	probed->is_known = true;
	probed->is_due = probed->has_failed = false;
}

static void probe(struct prober *prober, size_t index)
{
	struct grafana_session *session = begin(prober, index);
	struct grafana_server server = {0};
	struct answer answer = {0};
	struct error err = {0};

	if (grafana_server_probe(session, &server, &answer, &err) < 0)
		say_failure(prober, index, err.text);
	else if (answer.code != ANSWER_OK)
		say_failure(prober, index,
			    answer.message[0] != '\0' ? answer.message : answer_name(answer.code));
	else
		take(prober, index, session, &server);
	end(prober, index, session);
}

/* Upgraded under us? Then nothing that was known holds. */
static void check_version(struct prober *prober, size_t index)
{
	struct grafana_session *session = begin(prober, index);
	struct probed *probed = &prober->probed[index];
	char version[sizeof(probed->server.version)];
	struct error err = {0};

	if (grafana_version_refresh(session, version, sizeof(version), &err) == 0 &&
	    version[0] != '\0' && strcmp(version, probed->server.version) != 0)
		probed->is_due = true;
	end(prober, index, session);
}

/* ---- when ---- */

static bool has_to_check(const struct prober *prober, size_t index, int64_t now_ms)
{
	return prober->pipeline->settings->instances[index].version_check_ms > 0 &&
	       now_ms >= prober->probed[index].check_ms;
}

static void look_at(struct prober *prober, size_t index)
{
	struct pipeline *pipeline = prober->pipeline;
	struct probed *probed = &prober->probed[index];
	int64_t now_ms = clock_steady_ms(pipeline->clock);
	enum gate_state state =
		scheduler_gate_state(pipeline->scheduler, pipeline->instances[index].gate);
	bool has_closed = state == GATE_CLOSED && !probed->was_closed;
	bool is_time = has_to_check(prober, index, now_ms);

	probed->was_closed = state == GATE_CLOSED;
	if (has_closed)
		probed->is_due = true;
	if (state == GATE_OPEN || state == GATE_UNAUTHORIZED || (!has_closed && !is_time))
		return;
	if (is_time && !probed->is_due)
		check_version(prober, index);
	if (probed->is_due)
		probe(prober, index);
	probed->check_ms = now_ms + pipeline->settings->instances[index].version_check_ms;
}

static void *run(void *context)
{
	struct prober *prober = context;

	prctl(PR_SET_NAME, "prober");
	while (!is_stopping(prober)) {
		for (size_t i = 0; i < prober->count && !is_stopping(prober); i++)
			look_at(prober, i);
		pthread_mutex_lock(&prober->mutex);
		if (!prober->stopping)
			condition_wait_ms(&prober->wake, &prober->mutex, LOOK_MS);
		pthread_mutex_unlock(&prober->mutex);
	}
	return NULL;
}

/* ---- birth and death ---- */

int prober_new(struct pipeline *pipeline, struct prober **out, struct error *err)
{
	struct prober *prober = mem_zalloc(sizeof(*prober));
	pthread_attr_t attributes;
	int rc;

	prober->pipeline = pipeline;
	prober->count = pipeline->settings->instance_count;
	prober->probed = mem_array(prober->count, sizeof(*prober->probed));
	pthread_mutex_init(&prober->mutex, NULL);
	condition_init(&prober->wake);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	rc = pthread_create(&prober->thread, &attributes, run, prober);
	pthread_attr_destroy(&attributes);
	prober->started = rc == 0;
	if (rc != 0) {
		error_set(err, ERROR_FATAL, "prober", rc, "start the thread: %s", strerror(rc));
		prober_free(prober);
		return -1;
	}
	*out = prober;
	return 0;
}

void prober_stop(struct prober *prober)
{
	pthread_mutex_lock(&prober->mutex);
	prober->stopping = true;
	pthread_cond_signal(&prober->wake);
	pthread_mutex_unlock(&prober->mutex);
}

void prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	prober_stop(prober);
	if (prober->started)
		pthread_join(prober->thread, NULL);
	pthread_cond_destroy(&prober->wake);
	pthread_mutex_destroy(&prober->mutex);
	free(prober->probed);
	free(prober);
}
