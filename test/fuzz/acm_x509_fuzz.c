/* SPDX-License-Identifier: Apache-2.0
 *
 * What is imported: a certificate up to a zero byte, then its key. Whatever comes, nothing is
 * touched outside, and what is told of a certificate are texts in UTF-8.
 */
#include "base/codec.h"
#include "svc/acm/x509.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    size_t end = str_find(text, '\0', 0);
    struct str certificate = str_slice(text, 0, end), key = str_slice(text, end + 1, size);
    struct arena *arena = arena_new(4u << 20);
    struct x509_facts facts;
    struct why why;

    if (x509_read(certificate, arena, &why, &facts) == OK) {
        if (!utf8_valid(facts.subject) || !utf8_valid(facts.issuer) ||
            !utf8_valid(facts.common_name) || facts.name_count > X509_NAMES_MAX) {
            abort();
        }
    }
    (void)x509_match(certificate, key, &why);
    (void)x509_chain_check(certificate, &why);
    arena_free(arena);
    return 0;
}
