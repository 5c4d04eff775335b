import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A server and its client, joined by a connection that is open when the function is frozen. */
public class NettyInside extends Workload {
    private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Channel client;

    public NettyInside() throws Exception {
        NioEventLoopGroup loops = new NioEventLoopGroup(2);
        Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                .childHandler(lines((context, line) -> context.writeAndFlush("echo " + line + "\n")))
                .bind("127.0.0.1", 0).sync().channel();
        client = new Bootstrap().group(loops).channel(NioSocketChannel.class)
                .handler(lines((context, line) -> answers.add(line))).connect(server.localAddress()).sync().channel();
        ask("warm");
    }

    private static ChannelInitializer<SocketChannel> lines(BiConsumer<ChannelHandlerContext, String> handler) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(
                        new LineBasedFrameDecoder(200), new StringDecoder(), new StringEncoder(),
                        new SimpleChannelInboundHandler<String>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext context, String line) {
                                handler.accept(context, line);
                            }
                        });
            }
        };
    }

    private void ask(String question) throws Exception {
        client.writeAndFlush(question + "\n");
        String answer = answers.poll(20, TimeUnit.SECONDS);
        if (!("echo " + question).equals(answer)) {
            throw new IllegalStateException("the answer is " + answer);
        }
    }

    @Override
    List<String> use() throws Exception {
        String id = UUID.randomUUID().toString();
        ask(id);
        return List.of(id);
    }
}
