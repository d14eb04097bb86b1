/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: two threads write one number without a lock. */
#include <pthread.h>
#include <stddef.h>

static int number;

static void *write_number(void *context)
{
	(void)context;
	number++;
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	for (size_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, write_number, NULL) != 0)
			return 0;
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
