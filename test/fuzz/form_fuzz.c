/* SPDX-License-Identifier: Apache-2.0
 *
 * Posted forms from anywhere. The first byte chooses the size of the pieces; the line behind it is
 * the boundary. What comes out must not depend on how the bytes were cut.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "wire/form.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static status begun(void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    return OK;
}

static status content(void *arg, struct str piece)
{
    buf_add(arg, piece);
    return OK;
}

/* Reads it all in pieces of that size; out gets the file's content. */
static status read_all(struct form *form, struct str text, size_t piece, struct buf *out)
{
    struct form_sink sink = {begun, content, out};
    struct why why = {""};
    status fed = OK;

    for (size_t at = 0; fed == OK && at < text.bytes; at += piece) {
        fed = form_feed(form, str_slice(text, at, at + piece), &sink, &why);
    }
    return fed == OK ? form_end(form, &why) : fed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data + 1, size > 0 ? size - 1 : 0);
    size_t line = str_find(text, '\n', 0);
    const struct http_header *fields[2];
    struct form *forms[2];
    struct buf type;
    struct buf outs[2];
    status reads[2];

    if (size < 1) {
        return 0;
    }
    buf_init(&type, 4096);
    buf_add(&type, STR("multipart/form-data; boundary="));
    buf_add(&type, str_slice(text, 0, line));
    text = str_slice(text, line + 1, text.bytes);
    for (int i = 0; i < 2; i++) {
        forms[i] = form_new(buf_str(&type));
        buf_init(&outs[i], 1u << 20);
        reads[i] = read_all(forms[i], text, i == 0 ? text.bytes + 1 : (size_t)data[0] % 61 + 1,
                            &outs[i]);
    }
    assert(reads[0] == reads[1]);
    if (reads[0] == OK) {
        size_t count = form_fields(forms[0], &fields[0]);

        assert(count == form_fields(forms[1], &fields[1]));
        assert(str_eq(buf_str(&outs[0]), buf_str(&outs[1])));
        assert(str_eq(form_filename(forms[0]), form_filename(forms[1])));
        for (size_t i = 0; i < count; i++) {
            assert(str_eq(fields[0][i].name, fields[1][i].name));
            assert(str_eq(fields[0][i].value, fields[1][i].value));
        }
    }
    for (int i = 0; i < 2; i++) {
        buf_done(&outs[i]);
        form_free(forms[i]);
    }
    buf_done(&type);
    return 0;
}
