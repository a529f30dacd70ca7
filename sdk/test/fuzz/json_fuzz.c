/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: whatever bytes come, reading stays within them; what is a value is one piece by piece too;
 * and what is written of it can be read.
 */
#include "text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Walks over all of a value; checked: it is known to be good. */
static void walk(struct weir_text value, struct weir_buf *scratch)
{
    struct weir_json_each each = weir_json_each(value);
    int64_t number;
    double real;
    bool yes;

    (void)weir_json_int(value, &number);
    (void)weir_json_double(value, &real);
    (void)weir_json_bool(value, &yes);
    (void)weir_json_string(value, scratch);
    while (weir_json_next(&each)) {
        weir_buf_clear(scratch);
        struct weir_text key = weir_json_string(each.key, scratch);
        if (each.is_object && weir_json_member(value, key).at == NULL) {
            abort();
        }
        if (each.value.at < value.at || each.value.at + each.value.bytes > value.at + value.bytes) {
            abort();
        }
        walk(each.value, scratch);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct weir_text text = {(const char *)data, bytes};
    struct weir_buf scratch;
    struct weir_buf out;

    if (bytes > 4096) {
        return 0; /* walking looks members up again: quadratic */
    }
    weir_buf_init(&scratch, 1u << 24);
    weir_buf_init(&out, 1u << 24);
    (void)weir_json_get(text, "a.b[3].c[0]");
    weir_json_add(&out, "{'text':%t,'in':'<%t>','bytes':%v,'d':%f}", text, text, text, 0.1);
    if (!weir_json_check(weir_buf_text(&out))) {
        abort();
    }
    struct weir_text back = weir_json_string(weir_json_get(weir_buf_text(&out), "bytes"), &scratch);
    weir_buf_clear(&scratch);
    if (!weir_base64_decode(&scratch, back) || !weir_text_eq(weir_buf_text(&scratch), text)) {
        abort();
    }
    walk(text, &scratch);
    weir_buf_done(&scratch);
    weir_buf_done(&out);
    return 0;
}
