# SPDX-License-Identifier: Apache-2.0
"""What usually lies behind a broken expectation of HJ 212, by its key.

Experience for whoever repairs the implementation: a place to look first, never part of
a verdict.  ``check/key`` goes before ``key``, where one key means different things.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.text import Text

__all__ = ["CAUSES"]

_NO_RESULT = Text(
    "命令执行函数返回后没有发送 9012，或以异常退出；检查是否每个分支都发送执行结果",
    "the handler returns, or fails, without sending 9012; check that every branch of "
    "it reports a result",
)
_STILL_THERE = Text(
    "前一个报文使接收线程退出或使解析状态错乱；检查异常处理后是否继续读取连接",
    "the packet before it ended the receiving thread or left the parser in a wrong "
    "state; check that reading goes on after an error",
)
_RESEND = Text(
    "发送后没有等待 9014 的定时器，或定时器到时后直接丢弃；检查 OverTime 与 ReCount "
    "是否真正用于上传",
    "no timer waits for 9014, or it drops the packet when it expires; check that "
    "OverTime and ReCount are used for uploads",
)

CAUSES: Mapping[str, Text] = {
    "check-value": Text(
        "通常是误用了其他 CRC-16（如 CRC-16/MODBUS）：附录 A 的算法与之不同，"
        "先取寄存器高字节再与数据异或；也可能把包头、长度或包尾算了进去，或在计算之后又改了数据段",
        "usually another CRC-16, such as CRC-16/MODBUS: the algorithm of annex A takes "
        "the high octet of the register before it mixes in the data; or the header, "
        "the length or the tail went into it, or the segment changed afterwards",
    ),
    "check-digits": Text(
        "按小端序输出了 16 位校验值；应先输出高字节",
        "the 16-bit value was written low octet first; the high octet comes first",
    ),
    "check-case": Text(
        "格式化时用了小写（%04x）；改用 %04X",
        "formatted in lower case (%04x); use %04X",
    ),
    "length": Text(
        "长度里多算或少算了包头、校验值、包尾；或者按字符而非字节计数（含中文时不同）",
        "the header, the check value or the tail was counted; or characters were "
        "counted instead of octets, which differ in Chinese text",
    ),
    "length-digits": Text(
        "长度未补零到四位，或以空格填充；改用 %04d",
        "the length is not padded with zeros to four digits; use %04d",
    ),
    "segment-size": Text(
        "监测因子较多时未拆包；数据段超过上限时应按 PNUM、PNO 分包发送",
        "a packet with many factors is not split; above the limit it has to be sent "
        "in parts with PNUM and PNO",
    ),
    "layout": Text(
        "包头只写了一个 #，或上一包的残余留在发送缓冲区里",
        "only one # was written, or a rest of the last packet is in the send buffer",
    ),
    "stray-octets": Text(
        "DTU 的提示符、注册包或心跳字节混入了数据流；在 DTU 中关闭注册包和心跳包",
        "prompts, registration packets or heartbeats of a serial modem are in the "
        "stream; switch them off in the modem",
    ),
    "tail": Text(
        "用了 println 一类函数，按操作系统习惯只输出 LF；应固定输出 CR LF",
        "a print function wrote the line end of the operating system; CR LF is fixed",
    ),
    "characters": Text(
        "文本按 GBK 编码输出；2017 版要求日志文本为 UTF-8，其余为 ASCII",
        "text was written in GBK; the edition of 2017 asks for UTF-8 in log texts and "
        "ASCII elsewhere",
    ),
    "field-order": Text(
        "字段由无序的字典拼接而成；按 QN、ST、CN、PW、MN、Flag、CP 固定顺序输出",
        "the fields come from an unordered mapping; write QN, ST, CN, PW, MN, Flag, CP "
        "in this order",
    ),
    "qn": Text(
        "QN 缺少毫秒，或时间格式化未补零；共 17 位 YYYYMMDDhhmmsszzz",
        "QN lacks the milliseconds or is not padded; it has 17 digits, "
        "YYYYMMDDhhmmsszzz",
    ),
    "st": Text(
        "ST 配置成了企业自定义的编码；在配置中改为表 5 的系统编码",
        "ST is set to a code of one's own; set a code of table 5",
    ),
    "cn": Text(
        "发送了应由对方发送的命令，或命令编码写错；对照命令表核对方向",
        "a command of the other side was sent, or its code is wrong; check the "
        "direction in the command table",
    ),
    "mn": Text(
        "MN 未按 24 位大写十六进制字符配置，或被截断、转成了小写",
        "MN is not configured as 24 upper-case hexadecimal characters, or was cut or "
        "turned to lower case",
    ),
    "flag": Text(
        "Flag 的版本位仍为 2005 版（全 0）；2017 版的版本位为 000001，即 Flag 至少为 4",
        "the version bits of Flag are those of 2005 (zero); for 2017 they are 000001, "
        "so Flag is at least 4",
    ),
    "packet-numbers": Text(
        "带了 PNUM、PNO 却没有置 Flag 的包号位（D），或相反",
        "PNUM and PNO are there without the packet number bit of Flag, or the reverse",
    ),
    "separators": Text(
        "名称与值之间未用等号，或把同一因子的逗号与不同项的分号用反",
        "no equals sign between name and value, or comma and semicolon are mixed up",
    ),
    "data-time": Text(
        "DataTime 带了毫秒或分隔符；共 14 位 YYYYMMDDhhmmss",
        "DataTime has milliseconds or separators; it has 14 digits, YYYYMMDDhhmmss",
    ),
    "data-mark": Text(
        "数据标记用了旧版或自定义的字母；对照表 8 核对",
        "a mark of an older edition or of one's own was used; compare table 8",
    ),
    "answer-st": Text(
        "应答沿用了设备的 ST；系统交互的应答固定为 ST=91",
        "answers keep the ST of the device; interaction packets have ST=91",
    ),
    "answer-bit": Text(
        "应答包由请求复制而来，Flag 的应答位没有清零",
        "the answer was made from a copy of the request, answer bit included",
    ),
    "9011": Text(
        "收到请求后直接执行而未先应答 9011，或 9011 的数据区没有 QnRtn；"
        "也可能未使用请求的 QN",
        "the request is carried out without 9011 first, or 9011 lacks QnRtn; or it "
        "does not bear the QN of the request",
    ),
    "9012": _NO_RESULT,
    "nothing-after-9012": Text(
        "执行结果被重发，或 9012 之后仍在发送数据；9012 应是该 QN 的最后一个报文",
        "the result is sent twice, or data follow it; 9012 is the last packet under "
        "its QN",
    ),
    "9013": Text(
        "未处理通知类命令；收到通知应以 9013 应答，并使用该通知的 QN",
        "notices are not handled; a notice is answered with 9013 under its QN",
    ),
    "9014": Text(
        "未对要求应答的数据包（Flag 应答位为 1）回 9014，或未使用其 QN",
        "a data packet that wants an answer (bit 0 of Flag) gets no 9014, or one under "
        "another QN",
    ),
    "qnrtn-3": Text(
        "未核对 PW，或密码错误时用了其他 QnRtn；密码错误为 QnRtn=3",
        "PW is not compared, or another QnRtn is used; a wrong password is QnRtn=3",
    ),
    "qnrtn-8": Text(
        "不支持的命令被当作已执行，或没有任何应答；应答 QnRtn=8",
        "an unknown command passes as done, or gets no answer; answer QnRtn=8",
    ),
    "executed": Text(
        "先执行后校验；密码、校验值、MN 都应在执行之前核对",
        "the command is carried out before it is checked; compare password, check "
        "value and MN first",
    ),
    "nothing-after-refusal": Text(
        "拒绝之后没有返回，继续走到了执行流程",
        "the handler does not return after the refusal and goes on to execute",
    ),
    "hj212.refuses_illegal_interval/refused": Text(
        "设置间隔时未检查取值范围，直接写入参数",
        "the interval is stored without a check of its range",
    ),
    "processed": Text(
        "校验错误的包仍被处理；CRC 只计算而未比较，或比较结果未使用",
        "a damaged packet is processed; the check value is computed but not compared",
    ),
    "lost": Text(
        "把一次读取当作一个通讯包；TCP 是字节流，应先缓存，再按长度和包尾切分",
        "one read is taken for one packet; TCP is a stream of octets: collect them, "
        "then cut by length and tail",
    ),
    "read-back": Text(
        "设置命令只回了成功，参数没有保存；或读取与设置用了不同的变量",
        "the command reports success but the parameter is not stored, or reading and "
        "setting use different variables",
    ),
    "system-time": Text(
        "SystemTime 格式不足 14 位，或缺少该项",
        "SystemTime has fewer than 14 digits or is missing",
    ),
    "own-qn": Text(
        "应答使用了最近一包的 QN；并发请求时应各自保存 QN",
        "answers bear the QN of the latest packet; with several requests under way "
        "each keeps its own",
    ),
    "order": Text(
        "历史数据按存储顺序输出，未按时间排序",
        "history is sent as stored, not ordered by time",
    ),
    "range": Text(
        "未按 BeginTime、EndTime 过滤历史数据，或边界处理有误",
        "history is not limited to BeginTime and EndTime, or the limits are wrong",
    ),
    "hj212.extracts_history/missing": Text(
        "比较 BeginTime、EndTime 时用了大于、小于而未含等于，或一次只返回固定条数",
        "BeginTime and EndTime are compared by greater and less without equal, or a "
        "fixed number of records is returned",
    ),
    "hj212.sets_clock/data-time": Text(
        "采集与通信使用各自的时钟，1012 只设置了后者；检查采集程序取时间的来源",
        "acquisition and communication have clocks of their own and 1012 sets the "
        "latter only; look where the acquisition takes its time from",
    ),
    "mark": Text(
        "统计程序不看下级数据的标记，或沿用最后一条的标记；废水一条异常即异常，"
        "烟气正常数据不足 75% 才为 D",
        "the statistic does not look at the marks below, or takes the last one; one "
        "abnormal value is enough for waste water, less than 75 percent normal for "
        "flue gas",
    ),
    "trailing_separator": Text(
        "循环拼接时每项后都加分号，最后一项未去掉",
        "a loop writes a semicolon behind each item and leaves it behind the last",
    ),
    "exertn-100": Text(
        "没有数据时仍返回执行成功；应返回 ExeRtn=100",
        "success is reported although there are no data; report ExeRtn=100",
    ),
    "no-resend": _RESEND,
    "too-early": Text(
        "超时时间取错单位，或未使用设置的 OverTime",
        "the timeout has a wrong unit, or OverTime is not used",
    ),
    "too-many": Text(
        "重发次数未受 ReCount 限制",
        "the number of resends is not bounded by ReCount",
    ),
    "changed": Text(
        "重发时重新组包，产生了新的 QN；应原样重发",
        "the packet is built again with a new QN; send the same octets",
    ),
    "upload": Text(
        "定时上传没有启动，或间隔设置没有生效",
        "timed uploads do not start, or the interval does not take effect",
    ),
    "alive": _STILL_THERE,
    "alive-after": _STILL_THERE,
    "data.out-of-range": Text(
        "未剔除传感器故障时的满度值或无效值，或量纲换算有误；故障数据应以数据标记表明",
        "full-scale or invalid readings of a faulty sensor are sent as values, or the "
        "unit is wrong; faults belong in the data mark",
    ),
    "data.too-coarse": Text(
        "格式化时舍去了小数位；按分辨力保留小数",
        "decimal places are lost in formatting; keep those of the resolution",
    ),
    "data.too-wide": Text(
        "直接输出了浮点数，小数位过多；按格式舍入后再输出",
        "a floating-point number was printed as it is; round it to the format",
    ),
}
