/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_METRICS_H
#define WORKER_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "worker/gate.h"

/*
 * The numbers of a worker. X(enum name, metric, labels, type, help): rows of one metric
 * stand together, and the first one's help counts. Names and labels are a contract with
 * dashboards: only added to.
 */
#define METRIC_TABLE(X)                                                                        \
	X(SETTLED_APPLIED, "requests_settled_total", "result=\"applied\"", "counter",          \
	  "Requests that ended, by result.")                                                   \
	X(SETTLED_ALREADY_SO, "requests_settled_total", "result=\"already_so\"", "counter", "") \
	X(SETTLED_PLANNED, "requests_settled_total", "result=\"planned\"", "counter", "")      \
	X(SETTLED_NEEDS_ACTION, "requests_settled_total", "result=\"needs_action\"", "counter",      \
	  "")                                                                                \
	X(SETTLED_REFUSED, "requests_settled_total", "result=\"refused\"", "counter", "")      \
	X(SETTLED_FAILED, "requests_settled_total", "result=\"failed\"", "counter", "")        \
	X(SETTLED_REPLAYED, "requests_settled_total", "result=\"replayed\"", "counter", "")    \
	X(FUSE_TRIPS, "fuse_trips_total", "", "counter",                                       \
	  "Times that the fuse of removals opened because of this worker.")                  \
	X(FUSE_REFUSALS, "fuse_refusals_total", "", "counter",                                 \
	  "Removals refused because the fuse was open.")                                     \
	X(DUPLICATES, "duplicates_total", "", "counter",                                       \
	  "Records whose request had been settled through another record.")                    \
	X(DEAD_LETTERS, "dead_letters_total", "", "counter",                                   \
	  "Records that could not be decoded.")                                                \
	X(DUE, "due_requests_total", "", "counter",                                            \
	  "Requests of grantd to itself that came due and were written.")                      \
	X(GRANTS_NOT_ENDED, "grants_not_ended_total", "", "counter",                           \
	  "Time-bound grants whose end was refused or failed: a human has to see to them.")    \
	X(RETRIES, "retries_total", "", "counter",                                             \
	  "Turns that ended with a wait for another one.")                                     \
	X(TRANSACTIONS_COMMITTED, "transactions_total", "end=\"committed\"", "counter",        \
	  "Kafka transactions, by how they ended.")                                            \
	X(TRANSACTIONS_ABORTED, "transactions_total", "end=\"aborted\"", "counter", "")        \
	X(TRANSACTIONS_DOUBT, "transactions_total", "end=\"doubt\"", "counter", "")            \
	X(JOBS_IN_FLIGHT, "jobs_in_flight", "", "gauge",                                       \
	  "Requests read and not yet settled.")                                                \
	X(LEDGER_UP, "ledger_up", "", "gauge", "1 while Redis answers, 0 while it does not.")  \
	X(SNAPSHOTS_RUNNING, "inventory_snapshots_running", "", "gauge",                       \
	  "Snapshots that are being made.")                                                    \
	X(INVENTORY_RECORDS, "inventory_records_total", "", "counter",                         \
	  "Records of snapshots that were sent.")                                              \
	X(LEDGER_EPOCH_CHANGES, "ledger_epoch_changes_total", "", "counter",                   \
	  "How often the ledger was found emptied or swapped.")

enum metric {
#define X(name, metric, labels, type, help) METRIC_##name,
	METRIC_TABLE(X)
#undef X
};

enum { METRIC_COUNT = METRIC_LEDGER_EPOCH_CHANGES + 1 };

/* Any thread may count and read at any time. */
struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

void metrics_add(struct metrics *metrics, enum metric metric, int64_t number);
void metrics_set(struct metrics *metrics, enum metric metric, int64_t number);
int64_t metrics_get(const struct metrics *metrics, enum metric metric);

/* Append all in Prometheus' text format. */
void metrics_write(const struct metrics *metrics, struct buffer *out);

/* The bulkheads, which have their own state; asked for when it is written. */
struct metrics_instance {
	const char *name;
	enum gate_state state;
	int64_t slots_in_use;
	int64_t slots;
	int64_t concurrency;
};
void metrics_write_instances(const struct metrics_instance *instances, size_t count,
			     struct buffer *out);

#endif
