/* SPDX-License-Identifier: Apache-2.0
 *
 * Zips from anywhere, unpacked into a folder: whatever they say, nothing lies outside it, and what
 * was checked without unpacking is judged alike.
 */
#include "svc/lambda/package.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/tree.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char outer[] = "/tmp/weir-fuzz-XXXXXX";

static void clean(void)
{
    tree_remove(outer);
}

static void count(void *arg, const char *name)
{
    size_t *found = arg;

    (void)name;
    (*found)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char inner[64];
    const struct files *files = files_real();
    struct str zip = str_of(data, size);
    uint64_t unpacked = 0;
    uint64_t checked = 0;
    size_t beside = 0;
    struct tree *tree;
    status went;

    if (inner[0] == 0) {
        log_set_level(LOG_ERROR + 1);
        if (mkdtemp(outer) == NULL) {
            return 0;
        }
        snprintf(inner, sizeof(inner), "%s/tree", outer);
        (void)atexit(clean);
    }
    went = tree_open(inner, &tree);
    assert(went == OK);
    went = zip_unpack(zip, tree, BYTES_MAX, &unpacked);
    if (went == OK) {
        status again = zip_unpack(zip, NULL, BYTES_MAX, &checked);

        assert(again == OK);
        assert(unpacked == checked);
        assert(unpacked <= BYTES_MAX);
    }
    tree_close(tree);
    tree_remove(inner);
    went = files->dir(files->ctx, outer, count, &beside);
    assert(went == OK);
    assert(beside == 0);
    return 0;
}
