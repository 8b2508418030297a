namespace Banyan.Proxy.Http2;

/// <summary>The ids of the last streams of a kind that ended. RFC 9113 §5.1 tells frames on streams that this side reset (to be
/// ignored) from those on closed ones and on ones that never were.</summary>
internal sealed class RecentStreams
{
    private readonly int[] _ids = new int[128];
    private int _next;

    internal void Add(int id)
    {
        _ids[_next] = id;
        _next = (_next + 1) % _ids.Length;
    }

    internal bool Contains(int id) => Array.IndexOf(_ids, id) >= 0;
}
