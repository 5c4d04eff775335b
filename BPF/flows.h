// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Which flows a slot's guest began: of all that comes from outside, only what belongs to one gets to it. Included by
// slots.bpf.c.
//
// Each slot has a table of its own, so that no guest can push out another's flows; the server empties it at the slot's reset. A
// flow is in one of two buckets. Where both are full, the flow that would end first makes room: the next packet that the guest
// sends brings it back.
#ifndef FLOWS_H
#define FLOWS_H

#include "packet.h"
#include "slot_maps.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct slot_flows);
    __uint(max_entries, 1); /* the server sets it */
} flows SEC(".maps");

enum {
    flow_answered = 1,
    flow_ended_by_guest = 2,
    flow_ended_by_peer = 4,
    flow_ended = flow_ended_by_guest | flow_ended_by_peer,
    flow_reset = 8,

    tcp_fin = 0x01,
    tcp_syn = 0x02,
    tcp_rst = 0x04,
    tcp_ack = 0x10,
};

/* The clock of the flows: CLOCK_MONOTONIC in steps of 2^30 ns, 1.07 s. */
#define FLOW_STEPS(seconds) ((__u32)((seconds) * 1000000000ull >> 30) + 1)

/* How long a flow lives after its last packet: as long as the kernel's connection tracking has it by default. */
static const __u32 udp_time = FLOW_STEPS(30), udp_answered_time = FLOW_STEPS(120);
static const __u32 tcp_short_time = FLOW_STEPS(120), tcp_time = FLOW_STEPS(432000);
static const __u32 icmp_time = FLOW_STEPS(30), other_time = FLOW_STEPS(600), fragment_time = FLOW_STEPS(30);

/* What tells a flow from the slot's others, and what its packet says of its state. */
struct flow_key {
    __u64 ends;
    __u32 kind;
    __u8 tcp_flags;
};

static __always_inline __u64 flow_ends(__be32 peer, __be16 peer_port, __be16 guest_port) {
    return (__u64)peer << 32 | (__u32)peer_port << 16 | guest_port;
}

/* The flow of a packet that the guest sent to `peer`, or that came from there: by its transport header. 0, or -1 when it has none
 * that could begin or continue a flow. One that is quoted shows no flags. */
static __always_inline int read_flow(
    struct __sk_buff *skb, __u32 transport, __u8 protocol, __be32 peer, int is_sent, int is_quoted,
    struct flow_key *key) {
    struct {
        __be16 source, destination;
        __u8 more[9], flags; /* of TCP */
    } start;
    struct icmp_header icmp;
    key->kind = protocol;
    key->tcp_flags = 0;
    key->ends = flow_ends(peer, 0, 0);
    if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) {
        if (protocol == IPPROTO_TCP && !is_quoted) {
            if (bpf_skb_load_bytes(skb, transport, &start, sizeof start)) return -1;
            key->tcp_flags = start.flags;
        } else if (bpf_skb_load_bytes(skb, transport, &start, 4)) {
            return -1;
        }
        key->ends = is_sent ? flow_ends(peer, start.destination, start.source)
                            : flow_ends(peer, start.source, start.destination);
    } else if (protocol == IPPROTO_ICMP) {
        if (bpf_skb_load_bytes(skb, transport, &icmp, sizeof icmp)) return -1;
        if (icmp.type != (is_sent ? icmp_echo : icmp_echo_reply)) return -1;
        key->ends = flow_ends(peer, 0, (__be16)icmp.rest); /* the identifier */
    }
    return 0;
}

static __always_inline __u32 flow_clock(void) { return bpf_ktime_get_ns() >> 30; }

// MARK: - A slot's table

/* Both buckets of a flow. A guest that makes its flows meet there loses its own. */
static __always_inline __u32 bucket_of(__u64 ends, __u32 kind, int which) {
    __u64 hash = (ends ^ (__u64)kind << 48) * 0x9e3779b97f4a7c15ull;
    return (which ? hash >> 52 : hash >> 40) & (slot_flow_buckets - 1);
}

/* Where in a bucket a flow is, counted from 1; 0: nowhere. Like all that looks at every place of a bucket this is arithmetic, hidden
 * from the compiler: by branches the verifier would have to go all ways through a bucket. */
static __always_inline __u64 find_in_bucket(const struct slot_flow *bucket, __u64 ends, __u32 kind) {
    __u64 at = 0;
#pragma unroll
    for (__u64 way = 0; way < slot_flow_ways; way++) {
        __u64 differs = (bucket[way].ends ^ ends) | (bucket[way].kind ^ kind);
        __u64 borrowed = differs - 1;
        barrier_var(borrowed);
        __u64 is_here = (borrowed & ~differs) >> 63;
        barrier_var(is_here);
        at |= is_here * (way + 1);
    }
    return at;
}

/* Where in a slot's table a flow is, ended or not, counted from 1; 0: nowhere. A function of its own, as the next one is: the
 * verifier looks at it once. */
__noinline __u32 find_flow(__u32 slot, __u64 ends, __u32 kind) {
    struct slot_flows *table = bpf_map_lookup_elem(&flows, &slot);
    if (!table) return 0;
    __u32 bucket = bucket_of(ends, kind, 0);
    __u64 at = find_in_bucket(table->buckets[bucket], ends, kind);
    if (!at) {
        bucket = bucket_of(ends, kind, 1);
        at = find_in_bucket(table->buckets[bucket], ends, kind);
    }
    return at ? bucket * slot_flow_ways + at : 0;
}

/* A bucket's number of flows that have not ended, and in `first` the one that ends first. */
static __always_inline __u64 look_at_bucket(const struct slot_flow *bucket, __u64 now, __u64 *first) {
    __u64 live = 0, earliest = ~0ull >> 1;
#pragma unroll
    for (__u64 way = 0; way < slot_flow_ways; way++) {
        __u64 expires = bucket[way].expires, since = now - expires;
        barrier_var(since);
        live += since >> 63;
        __u64 difference = (expires * slot_flow_ways + way) - earliest;
        barrier_var(difference);
        __u64 is_earlier = 0 - (difference >> 63);
        barrier_var(is_earlier);
        earliest += difference & is_earlier;
    }
    *first = earliest & (slot_flow_ways - 1);
    return live;
}

/* Enters a flow that is not there, in the bucket with more room. Two CPUs may take one place, or two places for one flow: then it
 * waits for the guest's next packet, or ends early. */
__noinline int add_flow(__u32 slot, __u64 ends, __u32 kind, __u32 now, __u32 time) {
    struct slot_flows *table = bpf_map_lookup_elem(&flows, &slot);
    __u32 one = bucket_of(ends, kind, 0), other = bucket_of(ends, kind, 1);
    __u64 at, at_other;
    if (!table) return 0;
    __u64 live = look_at_bucket(table->buckets[one], now, &at);
    if (look_at_bucket(table->buckets[other], now, &at_other) < live) {
        one = other;
        at = at_other;
    }
    struct slot_flow *flow = &table->buckets[one & (slot_flow_buckets - 1)][at & (slot_flow_ways - 1)];
    flow->expires = 0; /* nobody's while it changes */
    barrier();
    flow->ends = ends;
    flow->kind = kind;
    flow->state = 0;
    barrier();
    flow->expires = now + time;
    return 0;
}

static __always_inline struct slot_flow *flow_at(__u32 slot, __u32 place) {
    struct slot_flows *table = bpf_map_lookup_elem(&flows, &slot);
    if (!table || !place) return NULL;
    place--;
    return &table->buckets[place / slot_flow_ways & (slot_flow_buckets - 1)][place % slot_flow_ways];
}

static __always_inline int has_flow(__u32 slot, __u64 ends, __u32 kind, __u32 now) {
    struct slot_flow *flow = flow_at(slot, find_flow(slot, ends, kind));
    return flow && flow->expires > now;
}

// MARK: - Packets

static __always_inline void set_flow(struct slot_flow *flow, __u16 state, __u32 expires) {
    /* Most packets change nothing, and leave the line to the other CPUs. */
    if (flow->state != state) flow->state = state;
    if (flow->expires != expires) flow->expires = expires;
}

/* How long a flow in this state lives on. */
static __always_inline __u32 flow_time(__u32 kind, __u16 state) {
    if (kind == IPPROTO_TCP)
        return state & flow_reset || (state & flow_ended) == flow_ended || !(state & flow_answered) ? tcp_short_time
                                                                                                     : tcp_time;
    if (kind == IPPROTO_UDP) return state & flow_answered ? udp_answered_time : udp_time;
    return kind == IPPROTO_ICMP ? icmp_time : other_time;
}

/* The guest sends a packet that leaves its slot: begins its flow, or goes on with it. */
__noinline int note_sent(struct __sk_buff *skb, __u32 slot) {
    struct iphdr ip;
    struct flow_key key;
    if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip, sizeof ip) || ip.frag_off & bpf_htons(0x1fff)) return 0;
    const __u32 transport = sizeof(struct ethhdr) + ip.ihl * 4;
    if (read_flow(skb, transport, ip.protocol, ip.daddr, 1, 0, &key)) return 0;
    __u32 now = flow_clock();
    struct slot_flow *flow = flow_at(slot, find_flow(slot, key.ends, key.kind));
    if (!flow) {
        /* Nothing answers a reset. */
        return key.tcp_flags & tcp_rst ? 0 : add_flow(slot, key.ends, key.kind, now, flow_time(key.kind, 0));
    }
    __u16 state = flow->state;
    if (flow->expires <= now || (key.tcp_flags & (tcp_syn | tcp_ack)) == tcp_syn) state = 0; /* a new one between these ends */
    else if (key.tcp_flags & tcp_rst) state |= flow_reset;
    else state &= ~flow_reset; /* whatever reset came was none to the guest */
    if (key.tcp_flags & tcp_fin) state |= flow_ended_by_guest;
    set_flow(flow, state, now + flow_time(key.kind, state));
    return 0;
}

enum membership { flow_known, flow_unknown, flow_malformed };

/* Whether an ICMP error is about a packet of one of the guest's flows, which has `address` outside. */
static __always_inline enum membership quotes_flow(
    struct __sk_buff *skb, __u32 slot, __u32 icmp, __be32 address, __u32 now) {
    struct iphdr quoted;
    struct flow_key key;
    const __u32 quote = icmp + sizeof(struct icmp_header);
    if (bpf_skb_load_bytes(skb, quote, &quoted, sizeof quoted)) return flow_malformed;
    if (quoted.version != 4 || quoted.ihl < 5 || quoted.saddr != address) return flow_malformed;
    if (quoted.frag_off & bpf_htons(0x1fff)) return flow_unknown;
    if (read_flow(skb, quote + quoted.ihl * 4, quoted.protocol, quoted.daddr, 1, 1, &key)) return flow_unknown;
    return has_flow(slot, key.ends, key.kind, now) ? flow_known : flow_unknown;
}

/* Whether a packet that came for the guest belongs to a flow that the guest began (enum membership); goes on with it. */
__noinline int note_received(struct __sk_buff *skb, __u32 slot) {
    struct iphdr ip;
    struct flow_key key;
    __u32 now = flow_clock();
    if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip, sizeof ip)) return flow_malformed;
    const __u32 transport = sizeof(struct ethhdr) + ip.ihl * 4;
    /* Later fragments have no ports: they follow a first one that was let in. */
    __u64 fragment_ends = flow_ends(ip.saddr, ip.id, 0);
    __u32 fragment_kind = slot_flow_fragment | ip.protocol;
    if (ip.frag_off & bpf_htons(0x1fff))
        return has_flow(slot, fragment_ends, fragment_kind, now) ? flow_known : flow_unknown;
    if (ip.protocol == IPPROTO_ICMP) {
        __u8 type;
        if (bpf_skb_load_bytes(skb, transport, &type, sizeof type)) return flow_malformed;
        if (is_icmp_error(type)) return quotes_flow(skb, slot, transport, ip.daddr, now);
        if (type != icmp_echo && type != icmp_echo_reply) return flow_malformed;
    }
    if (read_flow(skb, transport, ip.protocol, ip.saddr, 0, 0, &key)) return flow_unknown;
    struct slot_flow *flow = flow_at(slot, find_flow(slot, key.ends, key.kind));
    /* A segment that opens a connection belongs to none. */
    if (!flow || flow->expires <= now || (key.tcp_flags & (tcp_syn | tcp_ack)) == tcp_syn) return flow_unknown;
    __u16 state = flow->state;
    __u32 expires = flow->expires;
    if (key.tcp_flags & tcp_rst) {
        /* A forged one must not end a flow that goes on: the guest's next packet takes it back. */
        state |= flow_reset;
        if (expires > now + tcp_short_time) expires = now + tcp_short_time;
    } else {
        state |= flow_answered;
        if (key.tcp_flags & tcp_fin) state |= flow_ended_by_peer;
        expires = now + flow_time(key.kind, state);
    }
    set_flow(flow, state, expires);
    if (ip.frag_off & bpf_htons(0x2000)) {
        struct slot_flow *fragments = flow_at(slot, find_flow(slot, fragment_ends, fragment_kind));
        if (fragments) fragments->expires = now + fragment_time;
        else add_flow(slot, fragment_ends, fragment_kind, now, fragment_time);
    }
    return flow_known;
}

#endif
