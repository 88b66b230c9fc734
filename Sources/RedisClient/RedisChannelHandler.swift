package import NIOCore

/// One connection's end of the pipeline: writes requests, reads replies, watches the time.
///
/// When anything goes wrong (a late reply, bytes that are not RESP3, a lost socket) the connection is closed for good
/// and everything that waits fails; nothing is ever put back into step.
package final class RedisChannelHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Batches of at least this size are written as they are; smaller ones are copied together.
    private static let wholeWriteBytes = 16 << 10

    package let outbox: RedisOutbox
    private let onMessage: (@Sendable (RedisMessage) -> Void)?
    private var decoder: RESPDecoder
    private var queue = RedisReplyQueue()
    private var context: ChannelHandlerContext?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

    package init(_ configuration: RedisConfiguration, onMessage: (@Sendable (RedisMessage) -> Void)? = nil) {
        var limits = RESPLimits()
        limits.replyBytes = configuration.maximumReplyBytes
        self.outbox = RedisOutbox(
            maximumCommands: configuration.maximumPendingCommands,
            maximumBytes: configuration.maximumPendingBytes
        )
        self.onMessage = onMessage
        self.decoder = RESPDecoder(limits: limits)
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end(.lost())
        self.context = nil
    }

    /// Writes what was submitted since the last time, in one flush.
    package func sendSubmitted() {
        let requests = outbox.take()
        guard let context, context.channel.isActive, outbox.closed == nil else {
            for request in requests { request.fail(.notSent(outbox.closed ?? .lost())) }
            return
        }
        var gathered = ByteBuffer()
        for request in requests {
            queue.append(request)
            if let deadline = request.deadline { setTimer(deadline, context) }
            guard request.bytes.readableBytes >= Self.wholeWriteBytes else {
                gathered.writeImmutableBuffer(request.bytes)
                continue
            }
            if gathered.readableBytes > 0 { context.write(wrapOutboundOut(gathered), promise: nil) }
            gathered = ByteBuffer()
            context.write(wrapOutboundOut(request.bytes), promise: nil)
        }
        if gathered.readableBytes > 0 { context.write(wrapOutboundOut(gathered), promise: nil) }
        context.flush()
    }

    /// Ends the connection: everything that waits, and everything after, fails with the reason.
    package func close(_ reason: RedisError) {
        end(reason)
        context?.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard outbox.closed == nil else { return }
        decoder.append(unwrapInboundIn(data))
        var completions: [RedisReplyQueue.Completion] = []
        do throws(RedisError) {
            while let reply = try decoder.next() {
                if case .push(let elements) = reply {
                    if let onMessage, let message = RedisMessage(push: elements) { onMessage(message) }
                    continue
                }
                switch queue.receive(reply) {
                case .partial: break
                case .completed(let completion): completions.append(completion)
                case .unexpected: throw Self.unaskedReply(reply)
                }
            }
            deliver(completions)
        } catch {
            deliver(completions)
            close(error)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end(.lost())
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.lost(error))
    }

    private func deliver(_ completions: [RedisReplyQueue.Completion]) {
        guard !completions.isEmpty else { return }
        outbox.release(
            commands: completions.reduce(0) { $0 + $1.request.replyCount },
            bytes: completions.reduce(0) { $0 + $1.request.bytes.readableBytes }
        )
        for completion in completions { completion.deliver() }
    }

    private func end(_ reason: RedisError) {
        timer?.task.cancel()
        timer = nil
        let unsent = outbox.close(reason)
        for request in queue.removeAll() { request.fail(reason) }
        for request in unsent { request.fail(.notSent(reason)) }
    }

    /// One timer stands for all requests: at the earliest deadline, and looked at again when that has come.
    private func setTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadlines() }
        timer = (deadline, task)
    }

    private func checkDeadlines() {
        timer = nil
        guard let context, let earliest = queue.earliestDeadline else { return }
        if earliest <= context.eventLoop.now { close(.late()) } else { setTimer(earliest, context) }
    }

    /// A server that closes the door says why without being asked ("max number of clients reached").
    private static func unaskedReply(_ reply: RedisValue) -> RedisError {
        guard let error = reply.error else { return .violation("a reply to no command") }
        return RedisError(server: error)
    }
}

extension RedisError {
    /// The error for a connection that ended by itself.
    package static func lost(_ cause: (any Error)? = nil) -> RedisError {
        RedisError(
            code: .connectionClosed,
            message: "The connection to Redis was lost; commands under way may or may not have been executed",
            cause: cause
        )
    }

    /// The error for a reply that did not come in time.
    package static func late() -> RedisError {
        RedisError(
            code: .timeout,
            message: "Redis did not answer in time and was hung up on; commands under way may have been executed"
        )
    }
}
