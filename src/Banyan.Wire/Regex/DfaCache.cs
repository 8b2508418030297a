using System.Numerics;

namespace Banyan.Wire.RegularExpressions;

/// <summary>States of the automaton that were met before, with the transitions that were taken. Bounded: at most 32 KB.</summary>
internal sealed class DfaCache
{
    /// <summary>A transition that was not taken yet.</summary>
    public const ushort Unknown = 0;

    /// <summary>The state without any instruction: nothing can match any more.</summary>
    public const ushort Dead = 1;

    /// <summary>Most states that are kept, however few classes of bytes there are.</summary>
    public const int MostStates = 512;

    private const ushort FirstState = 2;

    // 16 + 12 + 2 + 1 KB at most, and half a KB of flags.
    private const int TransitionBytes = 16 * 1024;
    private const int MemberBytes = 12 * 1024;

    private readonly int _classes;
    private ushort[] _transitions; // by state and byte class
    private ushort[] _members;     // instruction numbers, ascending, of one state after the other
    private ushort[] _ends;        // by state: where its members end; those of a state start where the one before ends
    private bool[] _accepting;     // by state
    private ushort[] _slots;       // states by hash of their members
    private int _states = FirstState;

    public DfaCache(int classes, int mostStates = MostStates)
    {
        _classes = classes;
        Limit = Math.Min(mostStates, TransitionBytes / sizeof(ushort) / classes);
        var capacity = Math.Min(16, Limit);
        _transitions = new ushort[capacity * classes];
        _members = new ushort[128];
        _ends = new ushort[capacity];
        _accepting = new bool[capacity];
        _slots = new ushort[BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
    }

    /// <summary>Most states that are kept.</summary>
    public int Limit { get; }

    /// <summary>Bytes in use, to be tested against the promise.</summary>
    public int Bytes => ((_transitions.Length + _members.Length + _ends.Length + _slots.Length) * sizeof(ushort)) + _accepting.Length;

    public ReadOnlySpan<ushort> Transitions => _transitions;

    public bool IsAccepting(int state) => _accepting[state];

    public ReadOnlySpan<ushort> MembersOf(int state) => _members.AsSpan(_ends[state - 1].._ends[state]);

    public void Connect(int state, int byteClass, ushort next) => _transitions[(state * _classes) + byteClass] = next;

    public void Clear()
    {
        _states = FirstState;
        Array.Clear(_slots);
    }

    /// <summary>The state with those members (ascending), or <see cref="Unknown"/> when it is not there.</summary>
    public ushort Find(ReadOnlySpan<ushort> members)
    {
        var slot = Hash(members) & (_slots.Length - 1);
        while (_slots[slot] is var state and not 0)
        {
            if (MembersOf(state).SequenceEqual(members))
            {
                return state;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        return Unknown;
    }

    /// <summary>Adds a state that is not there, or returns <see cref="Unknown"/> when there is no room.</summary>
    public ushort Add(ReadOnlySpan<ushort> members, bool accepting)
    {
        var start = _ends[_states - 1];
        if (_states >= Limit || start + members.Length > MemberBytes / sizeof(ushort))
        {
            return Unknown;
        }

        Grow(start + members.Length);
        var state = (ushort)_states++;
        members.CopyTo(_members.AsSpan(start));
        _ends[state] = (ushort)(start + members.Length);
        _accepting[state] = accepting;
        _transitions.AsSpan(state * _classes, _classes).Clear();
        Insert(state);
        return state;
    }

    private void Grow(int members)
    {
        if (members > _members.Length)
        {
            Array.Resize(ref _members, Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)members), MemberBytes / sizeof(ushort)));
        }

        if (_states < _ends.Length)
        {
            return;
        }

        var capacity = Math.Min(_ends.Length * 2, Limit);
        Array.Resize(ref _transitions, capacity * _classes);
        Array.Resize(ref _ends, capacity);
        Array.Resize(ref _accepting, capacity);
        _slots = new ushort[BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        for (var state = FirstState; state < _states; state++)
        {
            Insert(state);
        }
    }

    private void Insert(ushort state)
    {
        var slot = Hash(MembersOf(state)) & (_slots.Length - 1);
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        _slots[slot] = state;
    }

    private static int Hash(ReadOnlySpan<ushort> members)
    {
        var hash = 2166136261u;
        foreach (var member in members)
        {
            hash = (hash ^ member) * 16777619;
        }

        return (int)(hash >> 1);
    }
}
