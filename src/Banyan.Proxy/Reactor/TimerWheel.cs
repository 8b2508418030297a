using System.Numerics;

namespace Banyan.Proxy.Reactor;

/// <summary>Something that wants to be told when its time has come. Owned by one <see cref="TimerWheel"/>.</summary>
internal abstract class TimerNode
{
    internal TimerNode? Previous;
    internal TimerNode? Next;

    /// <summary>Milliseconds of the loop's clock at which the wheel calls back; 0 = not armed.</summary>
    internal long ArmedFor;

    /// <summary>The wheel reached <see cref="ArmedFor"/>; the node is disarmed. May arm again.</summary>
    internal abstract void OnTimer(long now);
}

/// <summary>Hashed timer wheel, 16 ms a tick. Arming and disarming are O(1) and allocate nothing; firing may be up to one tick late.</summary>
/// <remarks>Deadlines are lazy: a wait that finishes leaves its node armed, and the node re-arms itself when it fires too early
/// (Varghese and Lauck, "Hashed and hierarchical timing wheels", scheme 6).</remarks>
internal sealed class TimerWheel
{
    private const int TickMs = 16;
    private const int Slots = 1024;

    private readonly Head[] _slots = new Head[Slots];

    // One bit a slot that may hold nodes, so that an idle loop knows how long to sleep.
    private readonly ulong[] _occupied = new ulong[Slots / 64];
    private long _tick;
    private int _armed;

    internal TimerWheel(long now)
    {
        _tick = now / TickMs;
        for (var i = 0; i < Slots; i++)
        {
            _slots[i] = new Head();
        }
    }

    /// <summary>Arms the node for that time, or moves it there.</summary>
    internal void Arm(TimerNode node, long at)
    {
        if (node.ArmedFor != 0)
        {
            Unlink(node);
        }

        node.ArmedFor = at;
        var tick = Math.Max((at + TickMs - 1) / TickMs, _tick + 1);
        var slot = (int)(tick % Slots);
        var head = _slots[slot];
        _occupied[slot / 64] |= 1UL << (slot % 64);
        node.Next = head.Next;
        node.Previous = head;
        if (head.Next is not null)
        {
            head.Next.Previous = node;
        }

        head.Next = node;
        _armed++;
    }

    internal void Disarm(TimerNode node)
    {
        if (node.ArmedFor != 0)
        {
            Unlink(node);
        }
    }

    /// <summary>Milliseconds that the loop may sleep at most.</summary>
    internal int SleepMs(long now)
    {
        if (_armed == 0)
        {
            return 1000;
        }

        var next = _tick + 1;
        var slot = (int)(next % Slots);
        for (var i = 0; i <= Slots / 64; i++)
        {
            // The first word from the slot on, the others whole, the first word's rest at last.
            var word = _occupied[slot / 64] & (ulong.MaxValue << (slot % 64));
            if (word != 0)
            {
                next += BitOperations.TrailingZeroCount(word) - (slot % 64);
                return (int)Math.Clamp((next * TickMs) - now, 1, 1000);
            }

            var step = 64 - (slot % 64);
            next += step;
            slot = (slot + step) % Slots;
        }

        return 1000;
    }

    internal void Advance(long now)
    {
        var target = now / TickMs;
        if (_armed == 0)
        {
            _tick = target;
            return;
        }

        if (target - _tick > Slots)
        {
            _tick = target - Slots;
        }

        while (_tick < target)
        {
            _tick++;
            var slot = (int)(_tick % Slots);
            if ((_occupied[slot / 64] & (1UL << (slot % 64))) != 0)
            {
                Fire(_slots[slot], now);
                if (_slots[slot].Next is null)
                {
                    _occupied[slot / 64] &= ~(1UL << (slot % 64));
                }
            }
        }
    }

    private void Fire(Head head, long now)
    {
        var node = head.Next;
        while (node is not null)
        {
            var next = node.Next;
            if (node.ArmedFor <= now)
            {
                Unlink(node);

                // Callbacks queue work and re-arm their own node, never another: the next one stays where it is.
                node.OnTimer(now);
            }

            node = next;
        }
    }

    private void Unlink(TimerNode node)
    {
        node.Previous!.Next = node.Next;
        if (node.Next is not null)
        {
            node.Next.Previous = node.Previous;
        }

        node.Previous = null;
        node.Next = null;
        node.ArmedFor = 0;
        _armed--;
    }

    private sealed class Head : TimerNode
    {
        internal override void OnTimer(long now)
        {
        }
    }
}
