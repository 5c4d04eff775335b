// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Reading, translating and answering one IPv4 packet in an Ethernet frame.
#ifndef PACKET_H
#define PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* RFC 826, for Ethernet and IPv4. linux/if_arp.h would do but for its own includes, which are not for this target. */
struct arp_packet {
    __be16 hardware, protocol;
    __u8 hardware_bytes, protocol_bytes;
    __be16 operation;
    __u8 sender_mac[ETH_ALEN];
    __be32 sender;
    __u8 target_mac[ETH_ALEN];
    __be32 target;
} __attribute__((packed));

enum { arp_ethernet = 1, arp_request = 1, arp_reply = 2 };

/* RFC 792. */
struct icmp_header {
    __u8 type, code;
    __sum16 checksum;
    __be32 rest;
};

enum {
    icmp_echo_reply = 0,
    icmp_unreachable = 3,
    icmp_source_quench = 4,
    icmp_echo = 8,
    icmp_time_exceeded = 11,
    icmp_parameter_problem = 12,
    icmp_network_prohibited = 9, /* a code of icmp_unreachable */
};

/* What the verifier let us find out about the packet; valid until the packet is changed. */
struct packet {
    struct ethhdr *ethernet;
    __be32 source, destination;
    __u32 header_bytes; /* of the IP header */
    __u8 protocol;
    __u8 is_fragment_tail; /* no transport header */
};

static __always_inline int same_mac(const __u8 *left, const __u8 *right) {
    return *(const __u16 *)left == *(const __u16 *)right && *(const __u16 *)(left + 2) == *(const __u16 *)(right + 2) &&
           *(const __u16 *)(left + 4) == *(const __u16 *)(right + 4);
}

static __always_inline struct ethhdr *ethernet_header(struct __sk_buff *skb) {
    void *data = (void *)(long)skb->data;
    return data + sizeof(struct ethhdr) > (void *)(long)skb->data_end ? NULL : data;
}

/* 0, or -1 when it is no whole IPv4 header. Headers that lie in fragments of the buffer are pulled in. */
static __always_inline int read_packet(struct __sk_buff *skb, struct packet *packet) {
    const __u32 least = sizeof(struct ethhdr) + sizeof(struct iphdr);
    void *data = (void *)(long)skb->data;
    if (data + least > (void *)(long)skb->data_end) {
        if (bpf_skb_pull_data(skb, least)) return -1;
        data = (void *)(long)skb->data;
        if (data + least > (void *)(long)skb->data_end) return -1;
    }
    packet->ethernet = data;
    struct iphdr *ip = data + sizeof(struct ethhdr);
    if (ip->version != 4 || ip->ihl < 5) return -1;
    packet->source = ip->saddr;
    packet->destination = ip->daddr;
    packet->header_bytes = ip->ihl * 4;
    packet->protocol = ip->protocol;
    packet->is_fragment_tail = (ip->frag_off & bpf_htons(0x1fff)) != 0;
    return 0;
}

/* Which of the two addresses of a packet is translated. */
enum address_field { source_address = offsetof(struct iphdr, saddr), destination_address = offsetof(struct iphdr, daddr) };

static __always_inline __u16 fold(__s64 sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(__u16)sum;
}

/* The transport checksum inside an ICMP error covers the address that has changed, and the ICMP checksum covers it. */
static __always_inline int translate_quoted_checksum(
    struct __sk_buff *skb, __u32 icmp, __u32 transport, __u8 protocol, __be32 from, __be32 to) {
    __u32 at;
    if (protocol == IPPROTO_UDP) at = transport + offsetof(struct udphdr, check);
    else if (protocol == IPPROTO_TCP) at = transport + offsetof(struct tcphdr, check);
    else return 0;
    __u16 before;
    /* Errors quote only the beginning: it need not be there, and UDP may have none. */
    if (bpf_skb_load_bytes(skb, at, &before, sizeof before)) return 0;
    if (protocol == IPPROTO_UDP && before == 0) return 0;
    __s64 sum = bpf_csum_diff(&from, sizeof from, &to, sizeof to, (__u16)~before);
    if (sum < 0) return -1;
    __u16 after = fold(sum);
    if (after == 0 && protocol == IPPROTO_UDP) after = 0xffff;
    if (bpf_skb_store_bytes(skb, at, &after, sizeof after, 0)) return -1;
    return bpf_l4_csum_replace(skb, icmp + offsetof(struct icmp_header, checksum), before, after, sizeof before) ? -1 : 0;
}

/* An ICMP error quotes a packet that went the other way: there the address stands in the other field. */
static __always_inline int translate_quote(
    struct __sk_buff *skb, __u32 icmp, enum address_field field, __be32 from, __be32 to) {
    struct iphdr quoted;
    __u32 at = icmp + sizeof(struct icmp_header);
    if (bpf_skb_load_bytes(skb, at, &quoted, sizeof quoted)) return -1;
    if (quoted.version != 4 || quoted.ihl < 5) return -1;
    __u32 inner = field == source_address ? destination_address : source_address;
    if ((field == source_address ? quoted.daddr : quoted.saddr) != from) return -1;
    int has_transport = (quoted.frag_off & bpf_htons(0x1fff)) == 0;
    if (has_transport && translate_quoted_checksum(skb, icmp, at + quoted.ihl * 4, quoted.protocol, from, to)) return -1;
    /* The header's own checksum changes against the address, so that the sum over both, and ICMP's, stays the same. */
    if (bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), from, to, sizeof from)) return -1;
    return bpf_skb_store_bytes(skb, at + inner, &to, sizeof to, 0) ? -1 : 0;
}

static __always_inline int is_icmp_error(__u8 type) {
    return type == icmp_unreachable || type == icmp_time_exceeded || type == icmp_parameter_problem ||
           type == icmp_source_quench;
}

/* Puts `to` in the place of `from`, and sets right the checksums that cover it, also those still to be computed by a device.
 * 0, or -1 when the packet cannot be translated. Changes the packet: `packet` holds values from before. */
static __always_inline int translate(
    struct __sk_buff *skb, const struct packet *packet, enum address_field field, __be32 from, __be32 to) {
    const __u32 network = sizeof(struct ethhdr), transport = network + packet->header_bytes;
    if (!packet->is_fragment_tail) {
        if (packet->protocol == IPPROTO_TCP) {
            if (bpf_l4_csum_replace(
                    skb, transport + offsetof(struct tcphdr, check), from, to, BPF_F_PSEUDO_HDR | sizeof from))
                return -1;
        } else if (packet->protocol == IPPROTO_UDP) {
            if (bpf_l4_csum_replace(
                    skb, transport + offsetof(struct udphdr, check), from, to,
                    BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | sizeof from))
                return -1;
        } else if (packet->protocol == IPPROTO_ICMP) {
            __u8 type;
            if (bpf_skb_load_bytes(skb, transport, &type, sizeof type)) return -1;
            if (is_icmp_error(type)) {
                if (translate_quote(skb, transport, field, from, to)) return -1;
            } else if (type != icmp_echo && type != icmp_echo_reply) {
                return -1; /* redirects, router advertisements, timestamps: nothing a guest needs */
            }
        }
    }
    if (bpf_l3_csum_replace(skb, network + offsetof(struct iphdr, check), from, to, sizeof from)) return -1;
    return bpf_skb_store_bytes(skb, network + field, &to, sizeof to, 0) ? -1 : 0;
}

enum { name_service = 53 }; /* RFC 1035, 4.2 */

static __always_inline int is_name_service(struct __sk_buff *skb, __u8 protocol, __u32 port_at) {
    _Static_assert(
        offsetof(struct tcphdr, source) == offsetof(struct udphdr, source) &&
            offsetof(struct tcphdr, dest) == offsetof(struct udphdr, dest), "ports come first");
    __be16 port;
    if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) return 0;
    return !bpf_skb_load_bytes(skb, port_at, &port, sizeof port) && port == bpf_htons(name_service);
}

/* Whether a packet is for a name server. */
static __always_inline int is_question(struct __sk_buff *skb, const struct packet *packet) {
    const __u32 transport = sizeof(struct ethhdr) + packet->header_bytes;
    if (packet->is_fragment_tail) return 0;
    return is_name_service(skb, packet->protocol, transport + offsetof(struct udphdr, dest));
}

/* Whether a packet is from a name server: an answer, or an ICMP error about a question. */
static __always_inline int is_answer(struct __sk_buff *skb, const struct packet *packet) {
    const __u32 transport = sizeof(struct ethhdr) + packet->header_bytes, quote = transport + sizeof(struct icmp_header);
    struct icmp_header icmp;
    struct iphdr quoted;
    if (packet->is_fragment_tail) return 0;
    if (packet->protocol != IPPROTO_ICMP)
        return is_name_service(skb, packet->protocol, transport + offsetof(struct udphdr, source));
    if (bpf_skb_load_bytes(skb, transport, &icmp, sizeof icmp) || !is_icmp_error(icmp.type)) return 0;
    if (bpf_skb_load_bytes(skb, quote, &quoted, sizeof quoted)) return 0;
    return is_name_service(skb, quoted.protocol, quote + quoted.ihl * 4 + offsetof(struct udphdr, dest));
}

static __always_inline int turn_frame(struct __sk_buff *skb, const __u8 *guest_mac, const __u8 *gateway_mac) {
    if (bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_dest), guest_mac, ETH_ALEN, 0)) return -1;
    return bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_source), gateway_mac, ETH_ALEN, 0) ? -1 : 0;
}

/* Of the sum that TCP's checksum covers beside the segment. */
struct pseudo_header {
    __be32 source, destination;
    __u8 zero, protocol;
    __be16 length;
};

/* Makes of a TCP segment the reset that answers it (RFC 9293, 3.5.2). An ICMP error would not do: one that arrives while
 * connect(2) is still sending is only noted, and connect goes on trying. 0, or -1 when none must or can be made. */
static __always_inline int answer_reset(struct __sk_buff *skb, const struct packet *packet) {
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } segment;
    _Static_assert(sizeof segment == 40, "no padding");
    __u8 guest_mac[ETH_ALEN], gateway_mac[ETH_ALEN];
    if (packet->is_fragment_tail || packet->header_bytes != sizeof segment.ip) return -1;
    __builtin_memcpy(guest_mac, packet->ethernet->h_source, ETH_ALEN);
    __builtin_memcpy(gateway_mac, packet->ethernet->h_dest, ETH_ALEN);
    if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &segment, sizeof segment) || segment.tcp.rst) return -1;
    if (bpf_skb_change_tail(skb, sizeof(struct ethhdr) + sizeof segment, 0)) return -1;
    struct tcphdr reset = {
        .source = segment.tcp.dest, .dest = segment.tcp.source, .doff = sizeof reset / 4, .rst = 1};
    if (segment.tcp.ack) {
        reset.seq = segment.tcp.ack_seq;
    } else {
        reset.ack = 1;
        reset.ack_seq = bpf_htonl(bpf_ntohl(segment.tcp.seq) + segment.tcp.syn + segment.tcp.fin);
    }
    struct pseudo_header pseudo = {segment.ip.daddr, segment.ip.saddr, 0, IPPROTO_TCP, bpf_htons(sizeof reset)};
    __s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)&pseudo, sizeof pseudo, 0);
    reset.check = fold(bpf_csum_diff(NULL, 0, (__be32 *)&reset, sizeof reset, (__u32)sum));
    segment.ip = (struct iphdr){
        .version = 4, .ihl = 5, .tot_len = bpf_htons(sizeof segment), .ttl = 64, .protocol = IPPROTO_TCP,
        .saddr = pseudo.source, .daddr = pseudo.destination};
    segment.ip.check = fold(bpf_csum_diff(NULL, 0, (__be32 *)&segment.ip, sizeof segment.ip, 0));
    segment.tcp = reset;
    if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &segment, sizeof segment, 0)) return -1;
    return turn_frame(skb, guest_mac, gateway_mac);
}

struct unreachable {
    struct iphdr ip;
    struct icmp_header icmp;
};

/* Makes of the packet an answer to its sender that the network is closed to it (RFC 1812, 5.2.7.1: type 3, code 9); a socket
 * reports ENETUNREACH. 0, or -1 when none must or can be made. */
static __always_inline int answer_unreachable(struct __sk_buff *skb, const struct packet *packet, __be32 gateway) {
    if (packet->is_fragment_tail || packet->header_bytes != sizeof(struct iphdr)) return -1;
    if (packet->protocol == IPPROTO_ICMP) {
        __u8 type;
        if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + sizeof(struct iphdr), &type, sizeof type)) return -1;
        if (type != icmp_echo) return -1; /* never an error about an error */
    }
    __be32 guest = packet->source;
    __u8 guest_mac[ETH_ALEN], gateway_mac[ETH_ALEN];
    __builtin_memcpy(guest_mac, packet->ethernet->h_source, ETH_ALEN);
    __builtin_memcpy(gateway_mac, packet->ethernet->h_dest, ETH_ALEN);
    /* A checksum that a device may still have to fill in lies within. */
    enum { quote = sizeof(struct iphdr) + 8 };
    if (bpf_skb_change_tail(skb, sizeof(struct ethhdr) + quote, 0)) return -1;
    if (bpf_skb_adjust_room(skb, sizeof(struct unreachable), BPF_ADJ_ROOM_MAC, 0)) return -1;
    struct unreachable answer = {};
    answer.ip.version = 4;
    answer.ip.ihl = 5;
    answer.ip.tot_len = bpf_htons(sizeof answer + quote);
    answer.ip.ttl = 64;
    answer.ip.protocol = IPPROTO_ICMP;
    answer.ip.saddr = gateway;
    answer.ip.daddr = guest;
    answer.ip.check = fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.ip, sizeof answer.ip, 0));
    answer.icmp.type = icmp_unreachable;
    answer.icmp.code = icmp_network_prohibited;
    __u32 quoted[quote / 4];
    if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + sizeof answer, quoted, sizeof quoted)) return -1;
    __s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)quoted, sizeof quoted, 0);
    answer.icmp.checksum = fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer.icmp, sizeof answer.icmp, (__u32)sum));
    if (bpf_skb_store_bytes(skb, sizeof(struct ethhdr), &answer, sizeof answer, 0)) return -1;
    return turn_frame(skb, guest_mac, gateway_mac);
}

#endif
