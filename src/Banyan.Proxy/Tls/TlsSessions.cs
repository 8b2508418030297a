namespace Banyan.Proxy.Tls;

/// <summary>A client's sessions that may be resumed, the last of each peer. One for a context: a new certificate or bundle begins
/// with none. Used on one reactor; freed by the context.</summary>
internal sealed class TlsSessions
{
    /// <summary>Peers that are remembered; a session takes about 5 KB.</summary>
    internal const int Most = 512;

    private readonly Dictionary<string, nint> _sessions = new(StringComparer.Ordinal);

    internal int Count => _sessions.Count;

    /// <summary>Keeps a session, which is now this object's.</summary>
    internal void Put(string peer, nint session)
    {
        if (_sessions.Remove(peer, out var old))
        {
            OpenSsl.SSL_SESSION_free(old);
        }
        else if (_sessions.Count >= Most)
        {
            Drop(_sessions.First().Key);
        }

        _sessions.Add(peer, session);
    }

    /// <summary>The session of a peer, which stays this object's; 0 when there is none.</summary>
    internal nint Of(string peer)
    {
        if (!_sessions.TryGetValue(peer, out var session))
        {
            return 0;
        }

        if (OpenSsl.SSL_SESSION_is_resumable(session) == 1)
        {
            return session;
        }

        Drop(peer);
        return 0;
    }

    internal void Drop(string peer)
    {
        if (_sessions.Remove(peer, out var session))
        {
            OpenSsl.SSL_SESSION_free(session);
        }
    }

    internal void Clear()
    {
        foreach (var session in _sessions.Values)
        {
            OpenSsl.SSL_SESSION_free(session);
        }

        _sessions.Clear();
    }
}
