/* SPDX-License-Identifier: Apache-2.0
 *
 * A chunked body as S3's clients send it ("aws-chunked"), taken off byte by byte or in any pieces:
 *
 *   10000;chunk-signature=<64 hex digits> \r\n  65536 bytes \r\n
 *   …
 *   0;chunk-signature=… \r\n
 *   name:value \r\n …  x-amz-trailer-signature:… \r\n      (only with a trailer)
 *   \r\n
 *
 *   size line ─→ data ─→ data's end ─→ size line …
 *       └ 0 ─→ trailer lines ─ empty line, or the trailer's signature ─→ done
 *
 * Rules
 *  1. A chunk's signature covers the one before it (the first: the request's own) and the chunk's
 *     hash; the trailer's covers the last chunk's and "name:value\n" of every trailing field.
 *  2. With signatures to check, a chunk is held back until it was found good. Without, bytes pass
 *     through as they come.
 *  3. Lines may end in a bare line feed. Senders differ in where they put empty lines around a
 *     signed trailer (before it, before its signature, behind it or not): with a signature to come,
 *     they are passed over, and the end is the signature.
 *  4. Behind the end only line ends are let pass.
 */
#include "wire/sigv4_int.h"

#include "base/codec.h"
#include "base/mem.h"

#include <assert.h>
#include <openssl/crypto.h>

#define LINE_BYTES_MAX 1024
#define SCOPE_BYTES_MAX 512
#define CHUNK_ANY_BYTES_MAX (UINT64_C(1) << 43) /* of a chunk that is not held back: 8 TiB */
#define CHUNK_ALGORITHM "AWS4-HMAC-SHA256-PAYLOAD"
#define TRAILER_ALGORITHM "AWS4-HMAC-SHA256-TRAILER"

enum place { AT_SIZE, AT_DATA, AT_DATA_END, AT_TRAILER, AT_END };

struct sigv4_chunks {
    enum place place;              /* see above */
    bool checks;                   /* signatures are compared */
    bool has_signatures;           /* chunks carry them */
    bool has_trailer;              /* trailing fields may follow */
    struct signing_key key;        /* when checks */
    struct sigv4 scope;            /* its texts lie in scope_text */
    char scope_text[SCOPE_BYTES_MAX];
    char previous[SIGV4_HEX_BYTES]; /* the signature before */
    char given[SIGV4_HEX_BYTES];   /* the current chunk's, as sent */
    uint64_t left;                 /* bytes of the chunk to come */
    bool last_was_small;           /* a chunk below the minimum: none but the last may follow */
    struct buf held;               /* the chunk so far, when checks */
    struct buf line;               /* a line so far */
    struct buf trailer;            /* names and values, one after the other; never moves */
    struct http_header trailers[SIGV4_TRAILERS_MAX];
    size_t trailer_count;
};

/* Copies text behind what is in scope_text already. */
static struct str keep_text(struct sigv4_chunks *chunks, size_t *used, struct str text)
{
    struct str kept = str_of(chunks->scope_text + *used, text.bytes);

    assert(text.bytes <= SCOPE_BYTES_MAX - *used);
    if (text.bytes > 0) {
        assert(text.at != NULL);
        memcpy(chunks->scope_text + *used, text.at, text.bytes);
    }
    *used += text.bytes;
    return kept;
}

struct sigv4_chunks *sigv4_chunks_new(const struct sigv4 *sigv4, const struct sigv4_seed *seed)
{
    struct sigv4_chunks *chunks = MEM_NEW(struct sigv4_chunks);
    size_t used = 0;

    chunks->has_signatures = sigv4->payload != PAYLOAD_CHUNKED_UNSIGNED_TRAILER;
    chunks->has_trailer = sigv4->payload != PAYLOAD_CHUNKED_SIGNED;
    buf_init(&chunks->held, SIGV4_CHUNK_BYTES_MAX);
    buf_init(&chunks->line, LINE_BYTES_MAX);
    buf_init(&chunks->trailer, SIGV4_TRAILER_BYTES_MAX);
    if (seed != NULL && chunks->has_signatures) {
        chunks->checks = true;
        chunks->scope.signed_at = keep_text(chunks, &used, sigv4->signed_at);
        chunks->scope.date = keep_text(chunks, &used, sigv4->date);
        chunks->scope.region = keep_text(chunks, &used, sigv4->region);
        chunks->scope.service = keep_text(chunks, &used, sigv4->service);
        memcpy(chunks->key.plain, seed->key, SHA256_BYTES);
        hmac_key_of(str_of(seed->key, SHA256_BYTES), &chunks->key.hmac);
        memcpy(chunks->previous, seed->previous, SIGV4_HEX_BYTES);
    }
    return chunks;
}

void sigv4_chunks_free(struct sigv4_chunks *chunks)
{
    if (chunks == NULL) {
        return;
    }
    OPENSSL_cleanse(&chunks->key, sizeof(chunks->key));
    buf_done(&chunks->held);
    buf_done(&chunks->line);
    buf_done(&chunks->trailer);
    mem_free(chunks);
}

static status broken(struct why *why)
{
    return why_set(why, &SIGV4_S3_BODY, "The request body terminated unexpectedly");
}

static status mismatch(struct why *why)
{
    return why_set(why, &SIGV4_MISMATCH,
                   "The request signature we calculated does not match the signature you provided. "
                   "Check your key and signing method.");
}

/* ---- signatures ---- */

static void add_hash(struct hashed_text *text, struct str bytes)
{
    char hex[SIGV4_HEX_BYTES];
    uint8_t digest[SHA256_BYTES];
    SHA256_CTX sha;

    SHA256_Init(&sha);
    SHA256_Update(&sha, bytes.at, bytes.bytes);
    SHA256_Final(digest, &sha);
    hex_encode(str_of(digest, sizeof(digest)), hex);
    hashed_add(text, str_of(hex, sizeof(hex)));
}

/* Is given the signature that continues the previous one over bytes? It then is the previous. */
static bool continues(struct sigv4_chunks *chunks, struct str algorithm, struct str bytes,
                      const char given[SIGV4_HEX_BYTES])
{
    bool trailer = str_eq(algorithm, STR(TRAILER_ALGORITHM));
    struct hashed_text text;
    uint8_t digest[SHA256_BYTES];
    char signature[SIGV4_HEX_BYTES];

    sigv4_begin_text(&chunks->key, &chunks->scope, algorithm, &text);
    hashed_add(&text, str_of(chunks->previous, SIGV4_HEX_BYTES));
    hashed_add_c(&text, '\n');
    if (!trailer) {
        hashed_add(&text, STR(SIGV4_EMPTY_HASH "\n"));
    }
    add_hash(&text, bytes);
    hmac_end(&chunks->key.hmac, &text, digest);
    hex_encode(str_of(digest, sizeof(digest)), signature);
    memcpy(chunks->previous, signature, SIGV4_HEX_BYTES);
    return bytes_eq_const_time(signature, given, SIGV4_HEX_BYTES);
}

/* ---- lines ---- */

/* Hexadecimal, at most 16 digits. */
static bool size_read(struct str digits, uint64_t *ret_size)
{
    uint64_t size = 0;

    if (digits.bytes == 0 || digits.bytes > 16) {
        return false;
    }
    for (size_t i = 0; i < digits.bytes; i++) {
        char c = digits.at[i];
        unsigned nibble = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                          : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                          : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                 : 16;
        if (nibble == 16) {
            return false;
        }
        size = size << 4 | nibble;
    }
    *ret_size = size;
    return true;
}

static status size_check(struct sigv4_chunks *chunks, uint64_t size, struct why *why)
{
    if (!chunks->checks) {
        return size <= CHUNK_ANY_BYTES_MAX
                   ? OK
                   : why_set(why, &ERR_LIMIT, "A chunk of the body is larger than can be taken.");
    }
    if (size > SIGV4_CHUNK_BYTES_MAX) {
        return why_set(why, &ERR_LIMIT,
                       "A signed chunk of the body is larger than %u bytes.",
                       SIGV4_CHUNK_BYTES_MAX);
    }
    if (size > 0 && chunks->last_was_small) {
        return why_set(why, &SIGV4_S3_CHUNK_SIZE,
                       "Only the last chunk is allowed to have a size less than %d bytes",
                       SIGV4_CHUNK_BYTES_MIN);
    }
    chunks->last_was_small = size < SIGV4_CHUNK_BYTES_MIN;
    return OK;
}

/* The current chunk is complete. */
static status chunk_done(struct sigv4_chunks *chunks, struct why *why)
{
    if (chunks->checks &&
        !continues(chunks, STR(CHUNK_ALGORITHM), buf_str(&chunks->held), chunks->given)) {
        return mismatch(why);
    }
    return OK;
}

static status size_line(struct sigv4_chunks *chunks, struct str line, struct why *why)
{
    size_t semicolon = str_find(line, ';', 0);
    struct str extension = str_slice(line, semicolon + 1, line.bytes);
    uint64_t size;

    if (!size_read(str_trim(str_slice(line, 0, semicolon)), &size)) {
        return broken(why);
    }
    TRY(size_check(chunks, size, why));
    if (chunks->has_signatures) {
        if (!str_starts(extension, STR("chunk-signature=")) ||
            extension.bytes != STR("chunk-signature=").bytes + SIGV4_HEX_BYTES) {
            return chunks->checks ? mismatch(why) : broken(why);
        }
        memcpy(chunks->given, extension.at + STR("chunk-signature=").bytes, SIGV4_HEX_BYTES);
    }
    buf_clear(&chunks->held);
    chunks->left = size;
    chunks->place = AT_DATA;
    if (size == 0) {
        TRY(chunk_done(chunks, why));
        chunks->place = AT_TRAILER;
    }
    return OK;
}

/* "name:value\n" of every trailing field, as it is signed. */
static bool trailer_fits(struct sigv4_chunks *chunks, struct str signature)
{
    struct buf text;
    bool fits;

    if (signature.bytes != SIGV4_HEX_BYTES) {
        return false;
    }
    buf_init(&text, SIGV4_TRAILER_BYTES_MAX * 2);
    for (size_t i = 0; i < chunks->trailer_count; i++) {
        buf_add(&text, chunks->trailers[i].name);
        buf_add_c(&text, ':');
        buf_add(&text, chunks->trailers[i].value);
        buf_add_c(&text, '\n');
    }
    fits = !buf_spent(&text) &&
           continues(chunks, STR(TRAILER_ALGORITHM), buf_str(&text), signature.at);
    buf_done(&text);
    return fits;
}

static struct str keep_trailer(struct sigv4_chunks *chunks, struct str s, bool lower)
{
    char *to = chunks->trailer.at + chunks->trailer.bytes;

    for (size_t i = 0; i < s.bytes; i++) {
        to[i] = s.at[i];
        if (lower && s.at[i] >= 'A' && s.at[i] <= 'Z') {
            to[i] = (char)(unsigned char)((unsigned char)s.at[i] | 0x20U);
        }
    }
    buf_used(&chunks->trailer, s.bytes);
    return str_of(to, s.bytes);
}

static status trailer_keep(struct sigv4_chunks *chunks, struct str name, struct str value,
                           struct why *why)
{
    struct http_header *header = &chunks->trailers[chunks->trailer_count];

    /* Taken whole with the first field, so that what points into it stays good. */
    if (chunks->trailer.at == NULL &&
        buf_reserve(&chunks->trailer, SIGV4_TRAILER_BYTES_MAX) == NULL) {
        return why_set(why, &ERR_LIMIT, "No memory for the body's trailer.");
    }
    if (chunks->trailer_count == SIGV4_TRAILERS_MAX ||
        name.bytes + value.bytes > SIGV4_TRAILER_BYTES_MAX - chunks->trailer.bytes) {
        return why_set(why, &ERR_LIMIT, "The body's trailer is larger than can be taken.");
    }
    header->name = keep_trailer(chunks, name, true);
    header->value = keep_trailer(chunks, value, false);
    chunks->trailer_count++;
    return OK;
}

static status trailer_line(struct sigv4_chunks *chunks, struct str line, struct why *why)
{
    bool signature_due = chunks->has_signatures && chunks->has_trailer;
    size_t colon = str_find(line, ':', 0);
    struct str name = str_trim(str_slice(line, 0, colon));
    struct str value = str_trim(str_slice(line, colon + 1, line.bytes));

    if (line.bytes == 0) {
        if (!signature_due) {
            chunks->place = AT_END;
        }
        return OK;
    }
    if (!chunks->has_trailer || colon == line.bytes || name.bytes == 0) {
        return broken(why);
    }
    if (signature_due && str_eq_nocase(name, STR("x-amz-trailer-signature"))) {
        if (chunks->checks && !trailer_fits(chunks, value)) {
            return mismatch(why);
        }
        chunks->place = AT_END;
        return OK;
    }
    return trailer_keep(chunks, name, value, why);
}

/* Takes bytes up to a line's end off piece; a whole line is read. */
static status take_line(struct sigv4_chunks *chunks, struct str *piece, struct why *why)
{
    size_t end = str_find(*piece, '\n', 0);
    size_t room = LINE_BYTES_MAX - chunks->line.bytes;
    struct str line = str_slice(*piece, 0, end < room ? end : room);

    /* Only what fits is looked at, so that the answer does not depend on how a body is cut. */
    if (str_find(line, 0, 0) < line.bytes) {
        return broken(why);
    }
    buf_add(&chunks->line, line);
    if (end > room || buf_spent(&chunks->line)) {
        return why_set(why, &ERR_LIMIT, "A line of the chunked body is longer than %d bytes.",
                       LINE_BYTES_MAX);
    }
    bool whole = end < piece->bytes;
    *piece = str_slice(*piece, whole ? end + 1 : end, piece->bytes);
    if (!whole) {
        return OK;
    }
    line = buf_str(&chunks->line);
    if (line.bytes > 0 && line.at[line.bytes - 1] == '\r') {
        line.bytes--;
    }
    status read = chunks->place == AT_SIZE    ? size_line(chunks, line, why)
                  : chunks->place == AT_TRAILER ? trailer_line(chunks, line, why)
                  : line.bytes == 0             ? OK
                                                : broken(why);
    buf_clear(&chunks->line);
    if (read == OK && chunks->place == AT_DATA_END) {
        chunks->place = AT_SIZE;
    }
    return read;
}

/* ---- data ---- */

struct sink {
    status (*take)(void *arg, struct str plain); /* the caller's */
    void *arg;                                   /* its first argument */
};

static status take_data(struct sigv4_chunks *chunks, struct str *piece, const struct sink *sink,
                        struct why *why)
{
    size_t bytes = piece->bytes < chunks->left ? piece->bytes : (size_t)chunks->left;
    struct str data = str_slice(*piece, 0, bytes);

    *piece = str_slice(*piece, bytes, piece->bytes);
    chunks->left -= bytes;
    if (!chunks->checks) {
        TRY(sink->take(sink->arg, data));
    } else {
        buf_add(&chunks->held, data);
        if (buf_spent(&chunks->held)) {
            return why_set(why, &ERR_LIMIT, "No memory for a chunk of the body.");
        }
    }
    if (chunks->left > 0) {
        return OK;
    }
    TRY(chunk_done(chunks, why));
    chunks->place = AT_DATA_END;
    return chunks->checks ? sink->take(sink->arg, buf_str(&chunks->held)) : OK;
}

status sigv4_chunks_feed(struct sigv4_chunks *chunks, struct str piece,
                         status (*sink)(void *arg, struct str plain), void *arg, struct why *why)
{
    const struct sink to = {sink, arg};

    while (piece.bytes > 0) {
        if (chunks->place == AT_DATA) {
            TRY(take_data(chunks, &piece, &to, why));
        } else if (chunks->place != AT_END) {
            TRY(take_line(chunks, &piece, why));
        } else if (piece.at[0] == '\r' || piece.at[0] == '\n') {
            piece = str_slice(piece, 1, piece.bytes);
        } else {
            return broken(why);
        }
    }
    return OK;
}

bool sigv4_chunks_done(const struct sigv4_chunks *chunks)
{
    return chunks->place == AT_END;
}

size_t sigv4_chunks_trailers(const struct sigv4_chunks *chunks, const struct http_header **ret)
{
    *ret = chunks->trailers;
    return chunks->trailer_count;
}
