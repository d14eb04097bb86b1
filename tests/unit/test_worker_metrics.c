/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_metrics.c - counting, and Prometheus' text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "worker/metrics.h"

enum { TEXT_BYTES = 64 * 1024, THREADS = 4, ROUNDS = 1000 };

static void counts_and_sets(void **state)
{
	struct metrics *metrics = metrics_new();

	(void)state;
	assert_int_equal(metrics_get(metrics, METRIC_RETRIES), 0);
	metrics_add(metrics, METRIC_RETRIES, 2);
	metrics_add(metrics, METRIC_RETRIES, 3);
	metrics_set(metrics, METRIC_LEDGER_UP, 1);
	metrics_set(metrics, METRIC_JOBS_IN_FLIGHT, 7);
	metrics_add(metrics, METRIC_JOBS_IN_FLIGHT, -1);
	assert_int_equal(metrics_get(metrics, METRIC_RETRIES), 5);
	assert_int_equal(metrics_get(metrics, METRIC_LEDGER_UP), 1);
	assert_int_equal(metrics_get(metrics, METRIC_JOBS_IN_FLIGHT), 6);
	metrics_free(metrics);
}

static void *count(void *context)
{
	for (int i = 0; i < ROUNDS; i++)
		metrics_add(context, METRIC_DUPLICATES, 1);
	return NULL;
}

static void loses_nothing_between_threads(void **state)
{
	struct metrics *metrics = metrics_new();
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, metrics), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(metrics_get(metrics, METRIC_DUPLICATES), THREADS * ROUNDS);
	metrics_free(metrics);
}

static void writes_each_metric_with_one_head_and_all_its_series(void **state)
{
	struct metrics *metrics = metrics_new();
	struct buffer text;

	(void)state;
	metrics_add(metrics, METRIC_SETTLED_APPLIED, 4);
	metrics_add(metrics, METRIC_SETTLED_FAILED, 1);
	metrics_add(metrics, METRIC_TRANSACTIONS_DOUBT, 9);
	buffer_init(&text, TEXT_BYTES);
	metrics_write(metrics, &text);
	assert_string_equal(
		text.bytes,
		"# HELP grantd_requests_settled_total Requests that ended, by result.\n"
		"# TYPE grantd_requests_settled_total counter\n"
		"grantd_requests_settled_total{result=\"applied\"} 4\n"
		"grantd_requests_settled_total{result=\"already_so\"} 0\n"
		"grantd_requests_settled_total{result=\"planned\"} 0\n"
		"grantd_requests_settled_total{result=\"needs_action\"} 0\n"
		"grantd_requests_settled_total{result=\"refused\"} 0\n"
		"grantd_requests_settled_total{result=\"failed\"} 1\n"
		"grantd_requests_settled_total{result=\"replayed\"} 0\n"
		"# HELP grantd_fuse_trips_total Times that the fuse of removals opened because of "
		"this worker.\n"
		"# TYPE grantd_fuse_trips_total counter\n"
		"grantd_fuse_trips_total 0\n"
		"# HELP grantd_fuse_refusals_total Removals refused because the fuse was open.\n"
		"# TYPE grantd_fuse_refusals_total counter\n"
		"grantd_fuse_refusals_total 0\n"
		"# HELP grantd_duplicates_total Records whose request had been settled through "
		"another record.\n"
		"# TYPE grantd_duplicates_total counter\n"
		"grantd_duplicates_total 0\n"
		"# HELP grantd_dead_letters_total Records that could not be decoded.\n"
		"# TYPE grantd_dead_letters_total counter\n"
		"grantd_dead_letters_total 0\n"
		"# HELP grantd_due_requests_total Requests of grantd to itself that came due and "
		"were written.\n"
		"# TYPE grantd_due_requests_total counter\n"
		"grantd_due_requests_total 0\n"
		"# HELP grantd_grants_not_ended_total Time-bound grants whose end was refused or "
		"failed: a human has to see to them.\n"
		"# TYPE grantd_grants_not_ended_total counter\n"
		"grantd_grants_not_ended_total 0\n"
		"# HELP grantd_retries_total Turns that ended with a wait for another one.\n"
		"# TYPE grantd_retries_total counter\n"
		"grantd_retries_total 0\n"
		"# HELP grantd_transactions_total Kafka transactions, by how they ended.\n"
		"# TYPE grantd_transactions_total counter\n"
		"grantd_transactions_total{end=\"committed\"} 0\n"
		"grantd_transactions_total{end=\"aborted\"} 0\n"
		"grantd_transactions_total{end=\"doubt\"} 9\n"
		"# HELP grantd_jobs_in_flight Requests read and not yet settled.\n"
		"# TYPE grantd_jobs_in_flight gauge\n"
		"grantd_jobs_in_flight 0\n"
		"# HELP grantd_ledger_up 1 while Redis answers, 0 while it does not.\n"
		"# TYPE grantd_ledger_up gauge\n"
		"grantd_ledger_up 0\n"
		"# HELP grantd_inventory_snapshots_running Snapshots that are being made.\n"
		"# TYPE grantd_inventory_snapshots_running gauge\n"
		"grantd_inventory_snapshots_running 0\n"
		"# HELP grantd_inventory_records_total Records of snapshots that were sent.\n"
		"# TYPE grantd_inventory_records_total counter\n"
		"grantd_inventory_records_total 0\n"
		"# HELP grantd_ledger_epoch_changes_total How often the ledger was found emptied or "
		"swapped.\n"
		"# TYPE grantd_ledger_epoch_changes_total counter\n"
		"grantd_ledger_epoch_changes_total 0\n");
	buffer_clear(&text);
	metrics_free(metrics);
}

static void writes_instances_with_escaped_names(void **state)
{
	static const struct metrics_instance instances[] = {
		{"main", GATE_CLOSED, 3, 16, 4},
		{"a\"b\\c\n", GATE_UNAUTHORIZED, 0, 8, 8},
	};
	struct buffer text;

	(void)state;
	buffer_init(&text, TEXT_BYTES);
	metrics_write_instances(instances, 2, &text);
	assert_string_equal(
		text.bytes,
		"# HELP grantd_breaker_state Circuit breaker of a Grafana: 0 closed (works), 1 open, "
		"2 half open, 3 unauthorized.\n"
		"# TYPE grantd_breaker_state gauge\n"
		"grantd_breaker_state{instance=\"main\"} 0\n"
		"grantd_breaker_state{instance=\"a\\\"b\\\\c\\n\"} 3\n"
		"# HELP grantd_slots_in_use Requests that hold a slot of a Grafana.\n"
		"# TYPE grantd_slots_in_use gauge\n"
		"grantd_slots_in_use{instance=\"main\"} 3\n"
		"grantd_slots_in_use{instance=\"a\\\"b\\\\c\\n\"} 0\n"
		"# HELP grantd_slots Slots that a Grafana has.\n"
		"# TYPE grantd_slots gauge\n"
		"grantd_slots{instance=\"main\"} 16\n"
		"grantd_slots{instance=\"a\\\"b\\\\c\\n\"} 8\n"
		"# HELP grantd_concurrency Requests of a Grafana that are worked on at one time at "
		"most, now.\n"
		"# TYPE grantd_concurrency gauge\n"
		"grantd_concurrency{instance=\"main\"} 4\n"
		"grantd_concurrency{instance=\"a\\\"b\\\\c\\n\"} 8\n");
	buffer_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_and_sets),
		cmocka_unit_test(loses_nothing_between_threads),
		cmocka_unit_test(writes_each_metric_with_one_head_and_all_its_series),
		cmocka_unit_test(writes_instances_with_escaped_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
