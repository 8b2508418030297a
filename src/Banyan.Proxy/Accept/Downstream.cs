using System.Text;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tcp;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Accept;

/// <summary>A client's connection. Owns its socket and, while bytes are in it, one buffer.</summary>
internal sealed class Downstream
{
    private byte[] _authority = [];
    private byte[]? _identity;
    private byte[]? _address;
    private MeshSnapshot? _authoritySnapshot;
    private TargetConfig? _authorityTarget;

    internal Downstream(Worker worker, Acceptor acceptor, Sock sock)
    {
        Worker = worker;
        Acceptor = acceptor;
        Sock = sock;
    }

    internal Worker Worker { get; }

    internal Acceptor Acceptor { get; }

    internal Sock Sock { get; }

    /// <summary>Received and not yet consumed bytes; null while there are none.</summary>
    internal IoBuffer? In { get; set; }

    /// <summary>Authority of the CONNECT request that opened this tunnel: every request in it goes there.</summary>
    internal byte[]? ConnectAuthority { get; set; }

    /// <summary>Where the CONNECT leads inside whose stream this connection is; null for one that was accepted.</summary>
    internal TargetConfig? ConnectTarget { get; init; }

    /// <summary>Who it proved to be.</summary>
    internal HopPeer Peer { get; set; }

    /// <summary>What applications are told of <see cref="Peer"/> (<see cref="Http.ForwardedClientCert"/>); null before the first
    /// request.</summary>
    internal byte[]? PeerLine { get; set; }

    /// <summary>SPIFFE ID that the caller's certificate proved on this connection; empty in plaintext. Not to be asked for before the
    /// connection was let in.</summary>
    internal byte[] Identity => _identity ??= Sock.Layer is TlsConnection connection ? Encoding.ASCII.GetBytes(connection.PeerId) : [];

    /// <summary>Address of the connection's other end, 4 or 16 bytes in network order; empty when it is gone.</summary>
    internal byte[] Address => _address ??= SockAddr.OfPeer(Sock.Fd);

    /// <summary>No exchange is under way.</summary>
    internal bool Idle { get; set; } = true;

    /// <summary>The connection to the destination, when a CONNECT has opened it before its answer; else null.</summary>
    internal TcpRelay? Relay { get; set; }

    /// <summary>The client is not served, and that is not the endpoint's fault: no reset, which would say so and could take away
    /// what the client was told in its own protocol.</summary>
    internal bool Refused { get; set; }

    /// <summary>The connection is closed with a reset: what the client got is not the whole.</summary>
    internal bool EndsInReset { get; set; }

    /// <summary>A client tends to ask for the same host again: its last answer, while the snapshot is the same.</summary>
    internal TargetConfig? Remembered(ReadOnlySpan<byte> authority, MeshSnapshot snapshot) =>
        ReferenceEquals(_authoritySnapshot, snapshot) && authority.SequenceEqual(_authority) ? _authorityTarget : null;

    internal void Remember(ReadOnlySpan<byte> authority, MeshSnapshot snapshot, TargetConfig target)
    {
        if (!authority.SequenceEqual(_authority))
        {
            _authority = authority.ToArray();
        }

        _authoritySnapshot = snapshot;
        _authorityTarget = target;
    }

    /// <summary>Drops what is consumed; gives the buffer back when nothing is left.</summary>
    internal void Consume(int upTo)
    {
        if (In is null)
        {
            return;
        }

        In.Start = upTo;
        if (In.Count == 0)
        {
            Worker.Buffers.Return(In);
            In = null;
        }
    }

    internal void Close(bool reset)
    {
        if (In is not null)
        {
            Worker.Buffers.Return(In);
            In = null;
        }

        if (reset)
        {
            Sock.Abort();
        }
        else
        {
            Sock.Close();
        }

        Worker.Closed(this);
    }
}
