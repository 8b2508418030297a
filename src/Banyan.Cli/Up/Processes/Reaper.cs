using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Banyan.Cli.Up.Processes;

/// <summary>
/// The parent of all children: starts them, notices their end, sweeps what remains of their sessions, and only then
/// collects the leader. Until it is collected nobody else can get its number, so no signal can hit a stranger.
/// </summary>
internal sealed class Reaper : IDisposable
{
    private static readonly TimeSpan StragglerGrace = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, (ChildProcess Child, bool Sweeping)> _children = [];
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly PosixSignalRegistration _childSignal;
    private readonly TimeProvider _time;
    private readonly bool _adoptOrphans;
    private volatile bool _stopped;

    /// <summary>Begins to wait for children.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="adoptOrphans">Whether to become the parent of what children leave behind; a decision for the whole process.</param>
    public Reaper(TimeProvider time, bool adoptOrphans)
    {
        _time = time;
        _adoptOrphans = adoptOrphans;
        if (adoptOrphans)
        {
            _ = Libc.ProcessControl(Libc.SetChildSubreaper, 1, 0, 0, 0);
        }

        _childSignal = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => _wake.Set());
        new Thread(Run) { IsBackground = true, Name = "reaper" }.Start();
    }

    /// <summary>Raised with every new session, before anything else learns of it; and with its end.</summary>
    public event Action<ChildProcess, bool>? SessionChanged;

    /// <summary>Starts a program.</summary>
    /// <exception cref="SpawnException">It cannot be started.</exception>
    public ChildProcess Start(SpawnRequest request, Action<string> onLine, SafeFileHandle? standardInput = null)
    {
        ChildProcess child;
        SafeFileHandle output;
        lock (_gate)
        {
            // Under the lock, so that the thread below never meets an end that it does not know the beginning of.
            output = Spawner.Spawn(request, standardInput, out var pid);
            child = new ChildProcess(pid, request.Name, _time);
            _children.Add(pid, (child, false));
        }

        SessionChanged?.Invoke(child, true);
        LinePump.Start(output, request.Name, onLine);
        _wake.Set();
        return child;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        _childSignal.Dispose();
        _wake.Set();
    }

    private void Run()
    {
        while (!_stopped)
        {
            // The second is a safety net for a signal lost between two registrations.
            _wake.WaitOne(TimeSpan.FromSeconds(1));
            foreach (var child in TakeEnded())
            {
                _ = SweepAsync(child);
            }

            if (_adoptOrphans)
            {
                CollectOrphans();
            }
        }
    }

    private List<ChildProcess> TakeEnded()
    {
        var ended = new List<ChildProcess>();
        lock (_gate)
        {
            foreach (var (pid, entry) in _children)
            {
                if (!entry.Sweeping && TryWait(pid, Libc.WaitNoWait) is not null)
                {
                    ended.Add(entry.Child);
                }
            }

            foreach (var child in ended)
            {
                _children[child.Pid] = (child, true);
            }
        }

        return ended;
    }

    private async Task SweepAsync(ChildProcess child)
    {
        // A leader may end before those it started: they get the rest of the grace given, or a second after a crash.
        if (Sessions.IsAlive(child.Pid))
        {
            var crashed = child.KillAfter == long.MaxValue;
            var deadline = crashed
                ? _time.GetTimestamp() + (long)(StragglerGrace.TotalSeconds * _time.TimestampFrequency)
                : child.KillAfter;
            if (crashed)
            {
                Sessions.Signal(child.Pid, Signals.Terminate);
            }

            while (Sessions.IsAlive(child.Pid))
            {
                if (_time.GetTimestamp() >= Math.Min(deadline, child.KillAfter))
                {
                    Sessions.Signal(child.Pid, Signals.Kill);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), _time);
            }
        }

        ChildExit exit;
        lock (_gate)
        {
            exit = TryWait(child.Pid, 0) ?? new ChildExit(null, null);
            _children.Remove(child.Pid);
        }

        SessionChanged?.Invoke(child, false);
        child.Complete(exit);
    }

    private void CollectOrphans()
    {
        foreach (var entry in ProcessTable.Read())
        {
            if (entry.IsDead && entry.Parent == Environment.ProcessId)
            {
                lock (_gate)
                {
                    if (!_children.ContainsKey(entry.Pid))
                    {
                        _ = TryWait(entry.Pid, 0);
                    }
                }
            }
        }
    }

    private static unsafe ChildExit? TryWait(int pid, int options)
    {
        var info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        int result;
        do
        {
            result = Libc.WaitId(Libc.WaitForPid, pid, info, Libc.WaitExited | Libc.WaitNoHang | options);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted);

        // siginfo_t on 64-bit Linux: si_code at 8, si_pid at 16, si_status at 24. No pid: nothing has ended.
        var fields = new ReadOnlySpan<byte>(info, 128);
        if (result != 0 || BinaryPrimitives.ReadInt32LittleEndian(fields[16..]) == 0)
        {
            return null;
        }

        const int Exited = 1;
        var status = BinaryPrimitives.ReadInt32LittleEndian(fields[24..]);
        return BinaryPrimitives.ReadInt32LittleEndian(fields[8..]) == Exited
            ? new ChildExit(status, null)
            : new ChildExit(null, status);
    }
}
