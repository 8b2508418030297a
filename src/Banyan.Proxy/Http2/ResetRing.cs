namespace Banyan.Proxy.Http2;

/// <summary>Streams that this side reset lately: what the peer sent before it knew is ignored (RFC 9113 §5.1, "closed").</summary>
internal sealed class ResetRing
{
    private readonly int[] _ids = new int[256];
    private int _next;

    internal void Add(int id)
    {
        _ids[_next] = id;
        _next = (_next + 1) % _ids.Length;
    }

    internal bool Contains(int id) => Array.IndexOf(_ids, id) >= 0;
}
