/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what happens without memory: mem_try says NULL, mem_alloc and its kin end the process with
 * 70 and a line on stderr (seen from a parent), and exactly the chosen request fails, once, also
 * when several threads ask.
 */
#include "base/mem.h"

#include "seeded.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void requests_are_counted(void **state)
{
    (void)state;
    uint64_t before = mem_count();
    void *a = mem_alloc(10);
    void *b = mem_try(0);
    void *c = mem_grow(NULL, 5);
    char *d = mem_dup("xyz", 3);
    assert_int_equal(mem_count() - before, 4);
    assert_non_null(b);
    assert_string_equal(d, "xyz");
    mem_free(a);
    mem_free(b);
    mem_free(c);
    mem_free(d);
    mem_free(NULL);
    assert_int_equal(mem_count() - before, 4);
}

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        unsigned char *at = mem_zero(5000);
        for (size_t i = 0; i < 5000; i++) {
            assert_int_equal(at[i], 0);
        }
        memset(at, 0xff, 5000);
        mem_free(at);
    }
}

static void a_copy_of_nothing_is_an_empty_c_string(void **state)
{
    (void)state;
    char *copy = mem_dup(NULL, 0);
    assert_string_equal(copy, "");
    mem_free(copy);
}

static void aligned_memory_is_aligned(void **state)
{
    (void)state;
    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        char *at = mem_aligned(alignment, 100);
        assert_int_equal((uintptr_t)at % alignment, 0);
        memset(at, 1, 100);
        mem_free(at);
    }
}

static void the_chosen_request_fails_once(void **state)
{
    (void)state;
    mem_fail_after(3);
    void *first = mem_try(1);
    void *second = mem_try(1);
    void *third = mem_try(1);
    void *fourth = mem_try(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
    mem_fail_after(1);
    mem_fail_after(0);
    void *spared = mem_try(1);
    assert_non_null(spared);
    mem_free(spared);
}

static void a_refused_growth_leaves_the_old_piece(void **state)
{
    (void)state;
    char *old = mem_dup("kept", 4);
    mem_fail_after(1);
    assert_null(mem_grow_try(old, 1 << 20));
    assert_string_equal(old, "kept");
    char *grown = mem_grow_try(old, 1 << 20);
    assert_non_null(grown);
    assert_string_equal(grown, "kept");
    mem_free(grown);
}

#define THREADS 4
#define REQUESTS_EACH 1000

static void *ask_often(void *ret_refused)
{
    size_t refused = 0;
    for (int i = 0; i < REQUESTS_EACH; i++) {
        void *at = mem_try(8);
        refused += at == NULL;
        mem_free(at);
    }
    *(size_t *)ret_refused = refused;
    return NULL;
}

static void among_threads_one_request_fails_too(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t refused[THREADS];
    uint64_t before = mem_count();
    mem_fail_after(THREADS * REQUESTS_EACH / 2);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &refused[i]), 0);
    }
    size_t sum = 0;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += refused[i];
    }
    assert_int_equal(sum, 1);
    assert_int_equal(mem_count() - before, THREADS * REQUESTS_EACH);
}

static void take_alloc(void) { mem_free(mem_alloc(100)); }
static void take_zero(void) { mem_free(mem_zero(100)); }
static void take_grow(void) { mem_free(mem_grow(NULL, 100)); }
static void take_aligned(void) { mem_free(mem_aligned(512, 512)); }
static void take_dup(void) { mem_free(mem_dup("x", 1)); }

/* Runs act in a child whose next request fails; returns its exit code, and its stderr in text. */
static int exit_code_without_memory(void (*act)(void), char text[256])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        mem_fail_after(1);
        act();
        _exit(0);
    }
    close(ends[1]);
    ssize_t bytes = read(ends[0], text, 255);
    assert_true(bytes >= 0);
    text[bytes] = 0;
    close(ends[0]);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

static void the_process_ends_with_70_and_says_so(void **state)
{
    (void)state;
    void (*const acts[])(void) = {take_alloc, take_zero, take_grow, take_aligned, take_dup};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        char text[256];
        assert_int_equal(exit_code_without_memory(acts[i], text), 70);
        assert_non_null(strstr(text, "out of memory"));
        assert_int_equal(text[strlen(text) - 1], '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_counted),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(a_copy_of_nothing_is_an_empty_c_string),
        cmocka_unit_test(aligned_memory_is_aligned),
        cmocka_unit_test(the_chosen_request_fails_once),
        cmocka_unit_test(a_refused_growth_leaves_the_old_piece),
        cmocka_unit_test(among_threads_one_request_fails_too),
        cmocka_unit_test(the_process_ends_with_70_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
