namespace Banyan.Control.Sources.Files;

/// <summary>
/// Collects what the kernel says about a source's files until somebody looks: which were touched, and which are
/// still being written. Knows the settle rule; does no I/O.
/// </summary>
internal sealed class FileEvents(TimeProvider time)
{
    /// <summary>A change is taken up after this time without a further event.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(20);

    /// <summary>But at the latest this long after its first event.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(80);

    /// <summary>A file that was not written to for so long is read although nobody closed it.</summary>
    public static readonly TimeSpan WriterPatience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _writing = new(StringComparer.Ordinal);
    private bool _all;
    private long _first;
    private long _last;

    /// <summary>Takes up an event.</summary>
    /// <param name="mask">What happened.</param>
    /// <param name="path">The full path.</param>
    /// <param name="indirect">Whether it may have changed every file.</param>
    public void Add(InotifyMask mask, string path, bool indirect)
    {
        lock (_gate)
        {
            _last = time.GetTimestamp();
            if (_first == 0)
            {
                _first = _last;
            }

            const InotifyMask Lost =
                InotifyMask.Overflow | InotifyMask.DeleteSelf | InotifyMask.MoveSelf | InotifyMask.Ignored;
            if ((mask & Lost) != 0)
            {
                _all = true;
            }
            else if ((mask & (InotifyMask.Modify | InotifyMask.Create)) != 0)
            {
                _writing[path] = _last;
                _touched.Add(path);
                _all |= indirect && (mask & InotifyMask.Create) != 0;
            }
            else
            {
                _writing.Remove(path);
                _touched.Add(path);
                _all |= indirect;
            }
        }
    }

    /// <summary>How long the change must still settle; null when there is none, zero when it may be taken up.</summary>
    public TimeSpan? Remaining()
    {
        lock (_gate)
        {
            if (_first == 0)
            {
                return null;
            }

            var now = time.GetTimestamp();
            var quiet = Quiet - time.GetElapsedTime(_last, now);
            var longest = Longest - time.GetElapsedTime(_first, now);
            var remaining = quiet < longest ? quiet : longest;
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Takes what was touched; what is still being written stays for the next time.</summary>
    public (HashSet<string> Touched, bool All) Take(Func<string, bool> isLink)
    {
        lock (_gate)
        {
            _first = 0;
            foreach (var path in _writing.Keys.Where(path => _touched.Contains(path) && isLink(path)).ToList())
            {
                // A link is complete when it appears.
                _writing.Remove(path);
            }

            var touched = _touched.Where(path => !IsWritingLocked(path)).ToHashSet(StringComparer.Ordinal);
            _touched.ExceptWith(touched);
            var all = _all;
            _all = false;
            return (touched, all);
        }
    }

    /// <summary>Whether somebody is in the middle of writing the file.</summary>
    public bool IsWriting(string path)
    {
        lock (_gate)
        {
            return IsWritingLocked(path);
        }
    }

    private bool IsWritingLocked(string path)
    {
        if (!_writing.TryGetValue(path, out var since))
        {
            return false;
        }

        if (time.GetElapsedTime(since) < WriterPatience)
        {
            return true;
        }

        _writing.Remove(path);
        return false;
    }
}
