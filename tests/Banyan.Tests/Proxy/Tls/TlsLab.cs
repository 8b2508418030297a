using System.Net;
using System.Net.Sockets;
using Banyan.Proxy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A reactor on a thread of its own, with handshakes. Disposing it fails if a bug was reported.</summary>
internal sealed class TlsLab : IDisposable
{
    public static readonly string[] Protocols = ["banyan-h2", "banyan-http/1.1", "banyan-tcp"];

    private readonly List<Exception> _faults = [];
    private readonly Thread _thread;
    private readonly List<Socket> _sockets = [];

    public TlsLab(int handshakes = TlsStage.DefaultLimit)
    {
        Context = new ReactorContext(0, Counts);
        Context.Loop.OnFault = fault =>
        {
            lock (_faults)
            {
                _faults.Add(fault);
            }
        };
        Stage = new TlsStage(Context, Refusals, handshakes);
        _thread = new Thread(Context.Loop.Run) { IsBackground = true, Name = "tls lab" };
        _thread.Start();
    }

    public ReactorContext Context { get; }

    public TlsStage Stage { get; }

    public long[] Counts { get; } = new long[Counters.Count];

    public long[] Refusals { get; } = new long[TlsRefusals.Count];

    private long Deadline => Context.Loop.NowMs + 60_000;

    public static TlsSettings Server(TestAuthority authority, string id = "spiffe://banyan.local/ns/default/sa/api") =>
        Settings(TlsRole.Server, authority.Issue(id), authority.Bundle);

    public static TlsSettings Client(TestAuthority authority, string id = "spiffe://banyan.local/ns/default/sa/web") =>
        Settings(TlsRole.Client, authority.Issue(id), authority.Bundle);

    public static TlsSettings Settings(TlsRole role, TlsIdentity identity, IReadOnlyDictionary<string, byte[][]> bundles) =>
        new() { Role = role, Identity = identity, Bundles = bundles, Protocols = Protocols };

    /// <summary>Runs on the reactor; the answer, or the fault, comes back.</summary>
    public Task<T> RunAsync<T>(Func<ReactorTask<T>> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Context.Loop.Post(() => Drive(work, done).Forget());
        return done.Task.WaitAsync(TimeSpan.FromSeconds(120), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    /// <inheritdoc cref="RunAsync{T}(Func{ReactorTask{T}})"/>
    public Task<T> CallAsync<T>(Func<T> work) => RunAsync(() => new ReactorTask<T>(null, work()));

    /// <summary>Two ends of one connection make the handshake. What fails is closed.</summary>
    public Task<Meeting> MeetAsync(TlsContext server, TlsContext client, TlsTarget? target = null) => RunAsync(async () =>
    {
        var (near, far) = SockPair.TryOpen(Context.Loop)!.Value;
        var meeting = new Meeting(near, new TlsConnection(near, server), far, new TlsConnection(far, client, target));
        var first = Shake(meeting.Server, near);
        var second = Shake(meeting.Client, far);
        meeting.ServerAgreed = await first;
        meeting.ClientAgreed = await second;
        return meeting;
    });

    /// <summary>A loopback connection: an ordinary socket and an end in the reactor.</summary>
    public async Task<(Socket Peer, Sock Ours)> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await peer.ConnectAsync(listener.LocalEndPoint!);
        _sockets.Add(peer);
        return (peer, await AdoptAsync(await listener.AcceptAsync()));
    }

    /// <summary>Hands a socket over to the reactor.</summary>
    public Task<Sock> AdoptAsync(Socket socket)
    {
        socket.Blocking = false;
        socket.NoDelay = true;
        var fd = (int)socket.SafeHandle.DangerousGetHandle();
        socket.SafeHandle.SetHandleAsInvalid();
        return CallAsync(() => Context.Loop.Register(fd, writable: true));
    }

    /// <summary>Makes the handshake of one end in the reactor; a failed one is closed.</summary>
    public Task<(bool Agreed, TlsConnection Connection)> ShakeAsync(Sock sock, TlsContext context, TlsTarget? target = null) =>
        RunAsync(async () =>
        {
            var connection = new TlsConnection(sock, context, target);
            return (await Shake(connection, sock), connection);
        });

    /// <summary>Reads until so many bytes, the end, or a failure.</summary>
    public Task<(byte[] Bytes, int Last)> ReadAsync(Sock sock, int count) => RunAsync(async () =>
    {
        var bytes = new byte[count];
        var filled = 0;
        var n = 0;
        while (filled < count)
        {
            n = sock.TryRead(bytes.AsSpan(filled));
            if (n == Sock.WouldBlock)
            {
                if (await sock.Readable(Deadline) != Wait.Ready)
                {
                    break;
                }
            }
            else if (n <= 0)
            {
                break;
            }
            else
            {
                filled += n;
            }
        }

        return (bytes[..filled], n);
    });

    /// <summary>Writes everything; false when the connection broke.</summary>
    public Task<bool> WriteAsync(Sock sock, byte[] bytes, int piece = int.MaxValue) => RunAsync(async () =>
    {
        var sent = 0;
        while (sent < bytes.Length)
        {
            var n = sock.TryWrite(bytes.AsSpan(sent, Math.Min(piece, bytes.Length - sent)));
            if (n == Sock.Failed)
            {
                return false;
            }

            sent += Math.Max(n, 0);
            if (sent < bytes.Length && await sock.Writable(Deadline) != Wait.Ready)
            {
                return false;
            }
        }

        return true;
    });

    public Task CloseAsync(Sock sock) => CallAsync(() =>
    {
        sock.Close();
        return true;
    });

    public void Dispose()
    {
        Context.Loop.Stop();
        _thread.Join(TimeSpan.FromSeconds(30));
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        lock (_faults)
        {
            Assert.Empty(_faults);
        }
    }

    private static async ReactorTask Drive<T>(Func<ReactorTask<T>> work, TaskCompletionSource<T> done)
    {
        try
        {
            done.SetResult(await work());
        }
        catch (Exception fault)
        {
            done.SetException(fault);
        }
    }

    private async ReactorTask<bool> Shake(TlsConnection connection, Sock sock)
    {
        var agreed = await Stage.Handshake(connection, sock, Deadline);
        if (!agreed)
        {
            sock.Close();
        }

        return agreed;
    }
}

/// <summary>Both ends of a connection.</summary>
internal sealed record Meeting(Sock ServerSock, TlsConnection Server, Sock ClientSock, TlsConnection Client)
{
    public bool ServerAgreed { get; set; }

    public bool ClientAgreed { get; set; }

    public override string ToString() =>
        $"server: {ServerAgreed} {Server.Refusal} {Server.Reason}; client: {ClientAgreed} {Client.Refusal} {Client.Reason}";
}
