# SPDX-License-Identifier: Apache-2.0
"""Sentences for what can go wrong between the suite and a peer."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "link.unresolved": Message(
        "无法解析主机名 {host}",
        "the name {host} does not resolve",
        "检查声明中的地址，或改用 IP 地址",
        "check the address in the declaration, or use an IP address",
    ),
    "link.refused": Message(
        "{address} 拒绝连接",
        "{address} refused the connection",
        "确认被测实现已启动，且端口与声明一致",
        "check that the implementation runs and listens on that port",
    ),
    "link.connect-timeout": Message(
        "{seconds} 秒内未能连上 {address}",
        "no connection to {address} within {seconds} s",
        "检查网络与防火墙",
        "check the network and the firewall",
    ),
    "link.unreachable": Message(
        "无法到达 {address}：{reason}",
        "{address} cannot be reached: {reason}",
        "检查网络与地址",
        "check the network and the address",
    ),
    "link.address-in-use": Message(
        "无法监听 {address}：该地址已被占用或无权使用",
        "cannot listen on {address}: it is in use or not permitted",
        "关闭占用该端口的程序，或在声明中换一个端口",
        "stop the program that uses the port, or declare another port",
    ),
    "link.cannot-listen": Message(
        "无法监听 {address}：{reason}",
        "cannot listen on {address}: {reason}",
        "声明中的地址应属于本机",
        "the declared address must belong to this machine",
    ),
    "link.nobody-connected": Message(
        "{seconds} 秒内没有设备连接 {address}",
        "no device connected to {address} within {seconds} s",
        "将设备的平台地址指向本机，并确认设备已上电",
        "point the device at this address and check that it is switched on",
    ),
    "link.send-failed": Message("发送失败：{reason}", "sending failed: {reason}"),
    "link.send-stalled": Message(
        "对端 {seconds} 秒未接收数据",
        "the peer took no octets for {seconds} s",
    ),
    "link.flood": Message(
        "对端发送超过 {limit} 个字节，已停止接收",
        "the peer sent more than {limit} octets; reading stopped",
    ),
    "link.too-many": Message("连接数超过 {limit}", "more than {limit} connections"),
    "link.out-of-time": Message(
        "本项要求的测试时间 {seconds} 秒已用尽",
        "the {seconds} s for this requirement are used up",
        "可在声明的 limits.requirement 中调整",
        "limits.requirement in the declaration sets this time",
    ),
    "link.hook-failed": Message(
        "观察手段 {hook} 未给出结果：{reason}",
        "the hook {hook} gave no answer: {reason}",
        "单独运行该命令或地址，确认其返回 JSON",
        "run the command or open the address by hand: it must give JSON",
    ),
    "link.hook-missing": Message(
        "本项需要观察手段 {hook}，声明中没有",
        "this needs the hook {hook}, which the declaration does not have",
        "在声明的 hooks 或 steps 中补充",
        "add it under hooks or steps in the declaration",
    ),
    "link.proxy-failed": Message(
        "缺陷代理出错：{reason}", "the fault proxy failed: {reason}"
    ),
}
