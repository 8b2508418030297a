namespace Banyan.Wire.RegularExpressions;

/// <summary>Matches texts against one <see cref="LinearRegex"/>. Not thread-safe: one for each reactor.</summary>
/// <remarks>
/// All alternatives are followed at once (Thompson's and Pike's simulation of the automaton), and the sets of
/// instructions so met are kept as states of a lazy deterministic automaton of at most 32 KB. When they do not fit and
/// change too often to be worth keeping, the rest of a text is matched by the simulation alone. Either way one byte of
/// text costs at most two visits of each instruction.
/// </remarks>
public sealed class LinearMatcher
{
    /// <summary>With fewer bytes matched for each state that was built, building them anew does not pay.</summary>
    private const int BytesPerState = 10;

    private readonly RegexProgram _program;
    private readonly DfaCache _cache;
    private readonly uint[] _visited; // by instruction: the generation that met it last
    private readonly ushort[] _stack;
    private ushort[] _current;
    private ushort[] _next;
    private int _currentCount;
    private int _nextCount;
    private uint _generation;
    private ushort _start;
    private long _bytesSinceClear;

    internal LinearMatcher(RegexProgram program, int mostStates = DfaCache.MostStates)
    {
        _program = program;
        _cache = new DfaCache(program.ClassCount, mostStates);
        var size = program.Instructions.Length;
        _visited = new uint[size];
        _stack = new ushort[size];
        _current = new ushort[size];
        _next = new ushort[size];
    }

    /// <summary>Visits of instructions so far: the unit in which linear time is proved.</summary>
    internal long Steps { get; private set; }

    /// <summary>Bytes that the kept states take.</summary>
    internal int CacheBytes => _cache.Bytes;

    /// <summary>Says whether the whole text matches.</summary>
    public bool IsFullMatch(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return _program.AcceptsEmpty;
        }

        if (_start == DfaCache.Unknown && !TryStart())
        {
            return Simulate(text);
        }

        var classOf = _program.ClassOf.AsSpan(0, 256);
        var classes = _program.ClassCount;
        var transitions = _cache.Transitions;
        var state = _start;
        for (var i = 0; i < text.Length; i++)
        {
            var next = transitions[(state * classes) + classOf[text[i]]];
            if (next == DfaCache.Unknown)
            {
                if (!TryBuild(state, text[i], i, out next))
                {
                    return Simulate(text[(i + 1)..]);
                }

                transitions = _cache.Transitions;
            }

            if (next == DfaCache.Dead)
            {
                _bytesSinceClear += i;
                return false;
            }

            state = next;
        }

        _bytesSinceClear += text.Length;
        return _cache.IsAccepting(state);
    }

    /// <summary>Builds the first state; otherwise leaves its instructions as the current ones.</summary>
    private bool TryStart()
    {
        StartNext();
        Follow(_program.Start, atBegin: true);
        if (TryKeep(bytesOfThisText: 0, out _, out _start))
        {
            return true;
        }

        Advance();
        return false;
    }

    /// <summary>Builds the state behind a transition; otherwise leaves its instructions as the current ones.</summary>
    private bool TryBuild(ushort state, byte value, int bytesOfThisText, out ushort next)
    {
        var byteClass = _program.ClassOf[value];
        Step(_cache.MembersOf(state), value);
        if (_nextCount == 0)
        {
            next = DfaCache.Dead;
            _cache.Connect(state, byteClass, next);
            return true;
        }

        if (!TryKeep(bytesOfThisText, out var cleared, out next))
        {
            Advance();
            return false;
        }

        if (!cleared)
        {
            _cache.Connect(state, byteClass, next);
        }

        return true;
    }

    private bool TryKeep(int bytesOfThisText, out bool cleared, out ushort state)
    {
        cleared = false;
        var members = _next.AsSpan(0, _nextCount);
        members.Sort();
        state = _cache.Find(members);
        if (state != DfaCache.Unknown)
        {
            return true;
        }

        state = _cache.Add(members, Accepts(members));
        if (state == DfaCache.Unknown && _bytesSinceClear + bytesOfThisText >= BytesPerState * _cache.Limit)
        {
            cleared = true;
            _cache.Clear();
            _start = DfaCache.Unknown;
            _bytesSinceClear = -bytesOfThisText;
            state = _cache.Add(members, Accepts(members));
        }

        return state != DfaCache.Unknown;
    }

    /// <summary>Matches the rest of a text from the current instructions, without keeping anything.</summary>
    private bool Simulate(ReadOnlySpan<byte> text)
    {
        _bytesSinceClear += text.Length;
        foreach (var value in text)
        {
            Step(_current.AsSpan(0, _currentCount), value);
            if (_nextCount == 0)
            {
                return false;
            }

            Advance();
        }

        return Accepts(_current.AsSpan(0, _currentCount));
    }

    private void Advance()
    {
        (_current, _next) = (_next, _current);
        _currentCount = _nextCount;
    }

    private bool Accepts(ReadOnlySpan<ushort> members)
    {
        foreach (var member in members)
        {
            if (_program.AcceptsAtEnd[member])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes the next instructions those that follow the given ones over one byte.</summary>
    private void Step(ReadOnlySpan<ushort> from, byte value)
    {
        StartNext();
        Steps += from.Length;
        foreach (var number in from)
        {
            ref readonly var instruction = ref _program.Instructions[number];
            if (instruction.Op == RegexOp.Byte && _program.Contains(instruction.Set, value))
            {
                Follow(instruction.Next, atBegin: false);
            }
        }
    }

    /// <summary>Adds what is reached without a byte; of that, what waits for a byte or the end.</summary>
    private void Follow(ushort first, bool atBegin)
    {
        var depth = 0;
        Push(first, ref depth);
        while (depth > 0)
        {
            Steps++;
            var number = _stack[--depth];
            ref readonly var instruction = ref _program.Instructions[number];
            switch (instruction.Op)
            {
                case RegexOp.Split:
                    Push(instruction.Other, ref depth);
                    Push(instruction.Next, ref depth);
                    break;
                case RegexOp.Begin:
                    if (atBegin)
                    {
                        Push(instruction.Next, ref depth);
                    }

                    break;
                default:
                    _next[_nextCount++] = number;
                    break;
            }
        }
    }

    private void StartNext()
    {
        _nextCount = 0;
        if (++_generation == 0)
        {
            Array.Clear(_visited);
            _generation = 1;
        }
    }

    private void Push(ushort number, ref int depth)
    {
        if (_visited[number] != _generation)
        {
            _visited[number] = _generation;
            _stack[depth++] = number;
        }
    }
}
