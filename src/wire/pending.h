/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for query.h and xml.h until they are here.
 */
#ifndef WEIR_WIRE_PENDING_H
#define WEIR_WIRE_PENDING_H
#if __has_include("wire/query.h")
#include "wire/query.h"
#else
#include "wire/wire.h"
static inline status query_decode(const struct route *r,const struct http_request *q,struct arena *a,struct why *w,struct value *i){(void)r;(void)q;(void)a;(void)i;return why_set(w,&WIRE_NOT_IMPLEMENTED,"x");}
static inline status query_encode(const struct route *r,const struct value *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
static inline status query_encode_error(const struct route *r,const struct fault *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
#endif
#if __has_include("wire/xml.h")
#include "wire/xml.h"
#else
static inline status xml_read(struct str t,uint32_t s,struct arena *a,struct why *w,struct value *v){(void)t;(void)s;(void)a;(void)v;return why_set(w,&WIRE_NOT_IMPLEMENTED,"x");}
static inline status xml_encode(const struct route *r,const struct value *v,const struct member *p,struct arena *a,struct str *b){(void)r;(void)v;(void)p;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
static inline status xml_encode_error(const struct route *r,const struct fault *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
#endif
#endif
