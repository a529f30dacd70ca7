/* SPDX-License-Identifier: Apache-2.0
 *
 * Being written.
 */
#include "wire/xml.h"
status xml_read(struct str t,uint32_t s,struct arena *a,struct why *w,struct value *v){(void)t;(void)s;(void)a;(void)v;return why_set(w,&WIRE_NOT_IMPLEMENTED,"x");}
status xml_encode(const struct route *r,const struct value *v,const struct member *p,struct arena *a,struct str *b){(void)r;(void)v;(void)p;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
status xml_encode_error(const struct route *r,const struct fault *v,struct str id,struct arena *a,struct str *b){(void)r;(void)v;(void)id;(void)a;(void)b;return &WIRE_NOT_IMPLEMENTED;}
