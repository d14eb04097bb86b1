/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.c - one worker process: what it is made of, and how it starts and ends.
 *
 * Parts are made in the order of their dependencies and freed in the opposite one.
 * Draining: nothing new is read, what waits is dropped (it is uncommitted), what
 * runs may finish up to worker.drain_ms, its transaction commits, the group is left.
 */
#include "worker/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "worker/consumer.h"
#include "worker/dispatcher.h"
#include "worker/prober.h"
#include "worker/publisher.h"
#include "worker/status.h"
#include "worker/version.h"
#include "worker/workers.h"

enum { POLL_MS = 100, SETTLE_POLL_MS = 5, WARNINGS_BYTES = 4096 };

struct daemon {
	const struct settings *settings;
	struct log *log;
	const struct clock *clock;
	const atomic_int *signals;

	struct vault vault;
	struct pipeline pipeline;
	struct assignment *assignment;
	struct dispatcher *dispatcher;
	struct workers *workers;
	struct publisher *publisher;
	struct consumer *consumer;
	struct status *status;
	struct prober *prober;

	char owner[160];
	atomic_bool is_failing, has_failed;
	struct error failure; /* of the first thread to fail; written before has_failed is set */
};

/* ---- making the parts ---- */

static int open_vault(struct daemon *daemon, struct error *err)
{
	const struct settings *settings = daemon->settings;
	struct seal_key *key = NULL;

	daemon->vault.password_length = (size_t)settings->vault.password_length;
	daemon->vault.path_prefix = settings->vault.path_prefix;
	if (settings->vault.key_file[0] == '\0') {
		log_write(daemon->log, LOG_WARN,
			  "no [vault] key_file: requests that need a secret will be refused", NULL);
		return 0;
	}
	if (seal_key_load(settings->vault.key_file, &key, err) < 0) {
		error_prefix(err, "[vault] key_file");
		return -1;
	}
	seal_key_forget_private(key); /* only the vault may open */
	daemon->vault.key = key;
	return 0;
}

static int open_instance(struct daemon *daemon, size_t index, struct error *err)
{
	const struct instance_settings *settings = &daemon->settings->instances[index];
	bool adapts = settings->concurrency == 0;
	int64_t most = adapts ? settings->max_concurrency : settings->concurrency;
	const struct gate_options options = {
		.max_concurrency = most,
		.adapts = adapts,
		/* Claimed in advance: one round trip to Redis for many. */
		.ahead = most < GATE_AHEAD_MIN ? GATE_AHEAD_MIN : most,
		.rate_per_s = settings->rate_per_s,
		.unauthorized_wait_ms = settings->unauthorized_wait_ms,
	};
	struct instance *instance = &daemon->pipeline.instances[index];

	if (grafana_new(settings, daemon->clock, &instance->grafana, err) < 0) {
		error_prefix(err, "[grafana.%s]", settings->name);
		return -1;
	}
	instance->gate = gate_new(&options);
	atomic_init(&instance->told_limit, gate_limit(instance->gate));
	return 0;
}

static int open_instances(struct daemon *daemon, struct error *err)
{
	daemon->pipeline.instances =
		mem_array(daemon->settings->instance_count, sizeof(struct instance));
	for (size_t i = 0; i < daemon->settings->instance_count; i++)
		if (open_instance(daemon, i, err) < 0)
			return -1;
	return 0;
}

/* Who holds a claim: this very process, so that a restart is somebody else. */
static void name_owner(struct daemon *daemon)
{
	uint8_t bytes[8];
	char hex[17];

	random_bytes(bytes, sizeof(bytes));
	text_hex(bytes, sizeof(bytes), hex);
	text_format(daemon->owner, sizeof(daemon->owner), "%s/%s", daemon->settings->worker.id,
		    hex);
}

static int open_ledger(struct daemon *daemon, struct ledger **ledger, struct error *err)
{
	const struct ledger_options options = {daemon->settings, daemon->clock, daemon->owner};

	return ledger_new(&options, ledger, err);
}

/* Redis may be away at start: then nothing is claimed until it is there. */
static void inspect_ledger(struct daemon *daemon, struct ledger *ledger)
{
	struct buffer warnings;
	struct error err = {0};

	buffer_init(&warnings, WARNINGS_BYTES);
	if (ledger_inspect(ledger, &warnings, &err) < 0)
		log_write(daemon->log, LOG_WARN, "redis could not be inspected",
			  LOG_FIELDS(LOG_FAULT(&err)));
	else if (warnings.length > 0)
		log_write(daemon->log, LOG_WARN, "redis may forget what it was told",
			  LOG_FIELDS(LOG_TEXT("why", warnings.bytes)));
	buffer_clear(&warnings);
}

static int open_dispatcher(struct daemon *daemon, struct error *err)
{
	struct dispatcher_options options = {.pipeline = &daemon->pipeline};

	if (open_ledger(daemon, &options.ledger, err) < 0)
		return -1;
	inspect_ledger(daemon, options.ledger);
	daemon->dispatcher = dispatcher_new(&options);
	return 0;
}

static int open_steps(struct daemon *daemon, struct error *err)
{
	struct ledger *ledger = NULL;

	if (open_ledger(daemon, &ledger, err) < 0)
		return -1;
	daemon->pipeline.steps = ledger_combiner_new(ledger);
	return 0;
}

static int open_publisher(struct daemon *daemon, struct error *err)
{
	struct publisher_options options = {
		.settings = daemon->settings,
		.log = daemon->log,
		.clock = daemon->clock,
		.pipeline = &daemon->pipeline,
		.assignment = daemon->assignment,
	};

	if (open_ledger(daemon, &options.ledger, err) < 0)
		return -1;
	daemon->publisher = publisher_new(&options);
	daemon->pipeline.settle = (struct settle_port){publisher_settle, daemon->publisher};
	return 0;
}

static void on_fatal(void *context, const struct error *err)
{
	struct daemon *daemon = context;

	if (atomic_exchange(&daemon->is_failing, true))
		return;
	daemon->failure = *err;
	atomic_store(&daemon->has_failed, true);
}

static int open_workers(struct daemon *daemon, struct error *err)
{
	const struct workers_options options = {
		.pipeline = &daemon->pipeline,
		.park = {dispatcher_park, daemon->dispatcher},
		.threads = (size_t)daemon->settings->worker.threads,
		.fatal = on_fatal,
		.context = daemon,
	};

	return workers_new(&options, &daemon->workers, err);
}

static void settle_all(void *context);

static int open_consumer(struct daemon *daemon, struct error *err)
{
	const struct consumer_options options = {
		.settings = daemon->settings,
		.log = daemon->log,
		.clock = daemon->clock,
		.pipeline = &daemon->pipeline,
		.assignment = daemon->assignment,
		.settle_all = settle_all,
		.context = daemon,
	};

	if (consumer_new(&options, &daemon->consumer, err) < 0)
		return -1;
	daemon->pipeline.commit = (struct commit_port){consumer_commit_state, daemon->consumer};
	return 0;
}

static void submit(void *context, struct job *job)
{
	workers_submit(context, job);
}

static int start_threads(struct daemon *daemon, struct error *err)
{
	const struct work_port work = {submit, daemon->workers};

	if (publisher_start(daemon->publisher, daemon->consumer, err) < 0)
		return -1;
	return dispatcher_start(daemon->dispatcher, &work, err);
}

static int open_status(struct daemon *daemon, struct error *err)
{
	const struct status_options options = {
		.settings = daemon->settings,
		.pipeline = &daemon->pipeline,
		.dispatcher = daemon->dispatcher,
		.consumer = daemon->consumer,
	};

	if (daemon->settings->http.listen[0] == '\0')
		return 0;
	return status_new(&options, &daemon->status, err);
}

static int open_prober(struct daemon *daemon, struct error *err)
{
	return prober_new(&daemon->pipeline, &daemon->prober, err);
}

static int open_all(struct daemon *daemon, struct error *err)
{
	static int (*const steps[])(struct daemon *, struct error *) = {
		open_vault,   open_instances, open_dispatcher, open_steps,  open_publisher,
		open_workers, open_consumer,  start_threads,   open_status, open_prober,
	};

	daemon->assignment = assignment_new();
	daemon->pipeline.scheduler = scheduler_new(daemon->clock);
	daemon->pipeline.claims = claims_new();
	daemon->pipeline.metrics = metrics_new();
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		if (steps[i](daemon, err) < 0)
			return -1;
	return 0;
}

static void close_instances(struct daemon *daemon)
{
	struct instance *instances = daemon->pipeline.instances;

	for (size_t i = 0; instances != NULL && i < daemon->settings->instance_count; i++) {
		grafana_free(instances[i].grafana);
		gate_free(instances[i].gate);
	}
	free(instances);
}

/* No job may be alive in a thread when what it points to is freed: first those
 * who hand on, then those who work, then those who end. */
static void close_all(struct daemon *daemon)
{
	atomic_store(&daemon->pipeline.settling, true); /* what takes long ends soon */
	status_free(daemon->status);
	prober_free(daemon->prober);
	if (daemon->dispatcher != NULL)
		dispatcher_stop(daemon->dispatcher);
	workers_free(daemon->workers);
	publisher_free(daemon->publisher);
	dispatcher_free(daemon->dispatcher);
	if (daemon->pipeline.scheduler != NULL)
		pipeline_drop(&daemon->pipeline, SCHEDULER_ALL_GROUPS);
	consumer_free(daemon->consumer);
	ledger_combiner_free(daemon->pipeline.steps);
	scheduler_free(daemon->pipeline.scheduler);
	claims_free(daemon->pipeline.claims);
	metrics_free(daemon->pipeline.metrics);
	assignment_free(daemon->assignment);
	close_instances(daemon);
	seal_key_free((struct seal_key *)(uintptr_t)daemon->vault.key);
}

/* ---- running ---- */

static void sleep_ms(int64_t duration_ms)
{
	const struct timespec duration = {duration_ms / 1000, duration_ms % 1000 * 1000000};

	nanosleep(&duration, NULL);
}

/* What waits is dropped, what runs finishes and is committed; up to drain_ms. Jobs
 * that are postponed meanwhile wait again, so they are dropped as they come. */
static void settle_all(void *context)
{
	struct daemon *daemon = context;
	int64_t give_up_ms =
		clock_steady_ms(daemon->clock) + daemon->settings->worker.drain_ms;

	atomic_store(&daemon->pipeline.settling, true);
	publisher_set_pace(daemon->publisher, PUBLISHER_HURRIES);
	while (atomic_load(&daemon->pipeline.jobs) > 0 &&
	       clock_steady_ms(daemon->clock) < give_up_ms && atomic_load(daemon->signals) < 2) {
		consumer_drop_waiting(daemon->consumer);
		sleep_ms(SETTLE_POLL_MS);
	}
	publisher_set_pace(daemon->publisher, PUBLISHER_GATHERS);
	/* Whoever stops begins nothing anew. */
	atomic_store(&daemon->pipeline.settling, atomic_load(daemon->signals) > 0);
	if (atomic_load(&daemon->pipeline.jobs) > 0)
		log_write(daemon->log, LOG_WARN, "not everything could be settled in time",
			  LOG_FIELDS(LOG_NUMBER("jobs", atomic_load(&daemon->pipeline.jobs))));
}

static int serve(struct daemon *daemon, struct error *err)
{
	while (atomic_load(daemon->signals) == 0) {
		if (consumer_poll(daemon->consumer, POLL_MS, err) < 0)
			return -1;
		if (atomic_load(&daemon->has_failed)) {
			*err = daemon->failure;
			return -1;
		}
	}
	return 0;
}

static int drain(struct daemon *daemon, struct error *err)
{
	log_write(daemon->log, LOG_INFO, "draining",
		  LOG_FIELDS(LOG_NUMBER("jobs", atomic_load(&daemon->pipeline.jobs))));
	prober_stop(daemon->prober);
	consumer_pause(daemon->consumer);
	consumer_leave(daemon->consumer); /* revokes, and so settles all */
	if (atomic_load(daemon->signals) < 2)
		return 0;
	error_set(err, ERROR_FATAL, "daemon", 0, "stopped at once by a second signal");
	return -1;
}

int daemon_run(const struct settings *settings, struct log *log,
	       const atomic_int *signals, struct error *err)
{
	struct daemon daemon = {
		.settings = settings,
		.log = log,
		.clock = clock_system(),
		.signals = signals,
		.pipeline = {.settings = settings,
			     .clock = clock_system(),
			     .log = log,
			     .worker_version = GRANTD_VERSION},
	};
	int rc = -1;

	daemon.pipeline.vault = &daemon.vault;
	name_owner(&daemon);
	if (open_all(&daemon, err) < 0)
		goto out;
	log_write(log, LOG_INFO, "grantd is running",
		  LOG_FIELDS(LOG_TEXT("version", GRANTD_VERSION),
			     LOG_TEXT("worker", settings->worker.id),
			     LOG_TEXT("group", settings->kafka.group),
			     LOG_TEXT("topic", settings->kafka.requests_topic)));
	if (serve(&daemon, err) == 0)
		rc = drain(&daemon, err);
out:
	close_all(&daemon);
	return rc;
}
