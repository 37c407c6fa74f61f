package io.expertmesh.protocol.transport;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.expertmesh.protocol.core.RowLimits;
import io.grpc.ManagedChannel;
import io.grpc.ServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The one network thread of a process: every channel and server made here runs its I/O <em>and its
 * callbacks</em> on the same event loop, so that state touched only from callbacks needs no locks.
 * Callbacks must never block. (One exception: until a call has its connection, grpc-java may report
 * readiness or failure from the thread that resolved the address.)
 *
 * <p>grpc-java's own retry and hedging are off: rows are retried by the mesh, which knows what may
 * be sent twice and to whom.
 *
 * <p>A peer that was killed is noticed at once, because the system closes its connections. A peer
 * that only stopped answering is noticed by pings: the serving side pings every {@value
 * #SERVER_PING_SECONDS} s, the dialling side every {@value #CLIENT_PING_SECONDS} s (grpc-java
 * allows a client no less), and either gives up after {@value #PING_TIMEOUT_SECONDS} s.
 */
public final class MeshNetty implements AutoCloseable {
  private static final int SERVER_PING_SECONDS = 2;
  private static final int CLIENT_PING_SECONDS = 10;
  private static final int PING_TIMEOUT_SECONDS = 5;

  /** Four of the largest messages may be on the way before a sender waits for the receiver. */
  private static final int WINDOW_BYTES = 4 * RowLimits.MAX_PAYLOAD_BYTES;

  private static final int MAX_INBOUND_BYTES = 4 << 20;

  /** Bytes read at once: a message that is there as a whole is read, and decoded, as a whole. */
  private static final int FIRST_READ_BYTES = 128 << 10;

  private static final int MAX_READ_BYTES = 2 * RowLimits.MAX_PAYLOAD_BYTES;

  /**
   * HTTP/2 hands a connection no more than this before it flushes: with Netty's 64 KiB the end of a
   * message of 32 rows of 1024 values went out on its own, and woke its receiver twice.
   */
  private static final WriteBufferWaterMark WRITES =
      new WriteBufferWaterMark(RowLimits.MAX_PAYLOAD_BYTES, 2 * RowLimits.MAX_PAYLOAD_BYTES);

  private final MeshCredentials credentials;
  private final EventLoopGroup loop;
  private final Class<? extends Channel> channelType;
  private final Class<? extends ServerChannel> serverType;

  /**
   * Starts the event loop of a process that talks in plain text.
   *
   * @param threadName name of its thread
   */
  public MeshNetty(String threadName) {
    this(threadName, MeshCredentials.plain());
  }

  /**
   * Starts the event loop.
   *
   * @param threadName name of its thread
   * @param credentials of every channel made here; the caller closes them
   */
  public MeshNetty(String threadName, MeshCredentials credentials) {
    this.credentials = credentials;
    if (System.getProperty("io.netty.leakDetection.level") == null) {
      // it samples stack traces of buffers, which a row message uses many of
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    loop = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(threadName, true), io);
    channelType = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    serverType = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  /** A channel that connects when it is first used. The caller shuts it down. */
  public ManagedChannel channel(String host, int port) {
    return NettyChannelBuilder.forAddress(host, port, credentials.channel())
        .eventLoopGroup(loop)
        .channelType(channelType)
        .withOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
        .withOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITES)
        .directExecutor()
        .disableRetry()
        .flowControlWindow(WINDOW_BYTES)
        .maxInboundMessageSize(MAX_INBOUND_BYTES)
        .keepAliveTime(CLIENT_PING_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        .build();
  }

  /** The credentials for a server that is made to run here. */
  public ServerCredentials serverCredentials() {
    return credentials.server();
  }

  /** Makes a server run on this event loop, callbacks included. */
  public void customise(NettyServerBuilder server) {
    server
        .bossEventLoopGroup(loop)
        .workerEventLoopGroup(loop)
        .channelType(serverType)
        .withChildOption(ChannelOption.RECVBUF_ALLOCATOR, reads())
        .withChildOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITES)
        .directExecutor()
        .flowControlWindow(WINDOW_BYTES)
        .maxInboundMessageSize(MAX_INBOUND_BYTES)
        .keepAliveTime(SERVER_PING_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .permitKeepAliveTime(1, TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true);
  }

  private static RecvByteBufAllocator reads() {
    return new AdaptiveRecvByteBufAllocator(4 << 10, FIRST_READ_BYTES, MAX_READ_BYTES);
  }

  /** The event loop as an executor: what is run here never overlaps a callback. */
  public Executor executor() {
    return loop;
  }

  /**
   * Runs a task on the event loop again and again.
   *
   * @param millis time from the end of one run to the start of the next
   * @return to cancel it with
   */
  public Future<?> every(long millis, Runnable task) {
    return loop.scheduleWithFixedDelay(task, millis, millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Runs a task on the event loop once, after a delay.
   *
   * @return to cancel it with
   */
  @CanIgnoreReturnValue
  public Future<?> after(long millis, Runnable task) {
    return loop.schedule(task, millis, TimeUnit.MILLISECONDS);
  }

  /** Stops the event loop. Channels and servers must have been shut down before. */
  @Override
  public void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
