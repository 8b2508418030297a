using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Banyan.Cli.Up.Processes;

/// <summary>
/// Starts programs with posix_spawn: no managed code runs between fork and exec. Every child leads a session of its
/// own, so that all of it can be found and stopped, and so that Ctrl-C in the terminal reaches the supervisor alone.
/// </summary>
internal static unsafe class Spawner
{
    // glibc and musl: 336 bytes of attributes, 80 of file actions, 128 of signal set.
    private const int OpaqueSize = 1024;

    private static int _inheritedKept;

    /// <summary>Starts a program; its standard output and error are one pipe, so that their order is kept.</summary>
    /// <param name="request">What to start.</param>
    /// <param name="standardInput">A descriptor to hand over as standard input, or nothing for /dev/null.</param>
    /// <param name="pid">The process, which is also its session.</param>
    /// <returns>The reading end of the pipe.</returns>
    /// <exception cref="SpawnException">The program does not exist or cannot be executed.</exception>
    public static SafeFileHandle Spawn(SpawnRequest request, SafeFileHandle? standardInput, out int pid)
    {
        if (!System.IO.Directory.Exists(request.Directory))
        {
            throw new SpawnException($"{request.Name}: the folder {request.Directory} does not exist");
        }

        KeepInheritedDescriptorsHere();
        request.Environment.TryGetValue("PATH", out var searchPath);
        var program = ProgramPath.Find(request.Command, request.Directory, searchPath);
        var (reader, writer) = CreatePipe();
        using (writer)
        {
            var actions = stackalloc byte[OpaqueSize];
            var attributes = stackalloc byte[OpaqueSize];
            Check(Libc.FileActionsInit(actions), request);
            Check(Libc.SpawnAttributesInit(attributes), request);
            try
            {
                Redirect(actions, request, standardInput, writer);
                SetSession(attributes, request);
                pid = Start(program, request, actions, attributes);
                return reader;
            }
            catch
            {
                reader.Dispose();
                throw;
            }
            finally
            {
                _ = Libc.FileActionsDestroy(actions);
                _ = Libc.SpawnAttributesDestroy(attributes);
            }
        }
    }

    /// <summary>What this process was itself started with may have been left open by its parent; .NET's own descriptors are
    /// closed on exec already.</summary>
    private static void KeepInheritedDescriptorsHere()
    {
        if (Interlocked.Exchange(ref _inheritedKept, 1) != 0)
        {
            return;
        }

        foreach (var path in System.IO.Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(path), out var descriptor) && descriptor > 2)
            {
                // The enumeration's own descriptor is gone by now: its refusal is no concern.
                _ = Libc.SetDescriptorFlags(descriptor, Libc.SetFlags, Libc.DescriptorCloseOnExec);
            }
        }
    }

    /// <summary>A pipe whose ends no child inherits by accident.</summary>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) CreatePipe()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.CloseOnExec) != 0)
        {
            throw new SpawnException($"no pipe to be had: {Libc.Explain(Marshal.GetLastPInvokeError())}");
        }

        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    private static void Redirect(byte* actions, SpawnRequest request, SafeFileHandle? input, SafeFileHandle output)
    {
        using var directory = new Utf8Strings([request.Directory]);
        using var nothing = new Utf8Strings(["/dev/null"]);
        Check(Libc.FileActionsAddChangeDirectory(actions, directory[0]), request);
        Check(
            input is null
                ? Libc.FileActionsAddOpen(actions, 0, nothing[0], 0, 0)
                : Libc.FileActionsAddDup2(actions, (int)input.DangerousGetHandle(), 0),
            request);
        Check(Libc.FileActionsAddDup2(actions, (int)output.DangerousGetHandle(), 1), request);
        Check(Libc.FileActionsAddDup2(actions, 1, 2), request);
    }

    private static void SetSession(byte* attributes, SpawnRequest request)
    {
        // The runtime ignores SIGPIPE and handles others; ignored signals would be inherited through exec.
        var signals = stackalloc byte[OpaqueSize];
        Check(Libc.SignalSetFill(signals), request);
        Check(Libc.SpawnAttributesSetSignalDefault(attributes, signals), request);
        Check(Libc.SignalSetEmpty(signals), request);
        Check(Libc.SpawnAttributesSetSignalMask(attributes, signals), request);
        const short Flags = Libc.SpawnSetSession | Libc.SpawnSetSignalDefault | Libc.SpawnSetSignalMask;
        Check(Libc.SpawnAttributesSetFlags(attributes, Flags), request);
    }

    private static int Start(string program, SpawnRequest request, byte* actions, byte* attributes)
    {
        using var path = new Utf8Strings([program]);
        using var argv = new Utf8Strings([request.Command, .. request.Arguments]);
        using var envp = new Utf8Strings([.. request.Environment.Select(pair => $"{pair.Key}={pair.Value}")]);
        var error = Libc.PosixSpawn(out var pid, path[0], actions, attributes, argv.Pointer, envp.Pointer);
        return error == 0 ? pid : throw new SpawnException($"command '{request.Command}' cannot be started: {Libc.Explain(error)}");
    }

    private static void Check(int error, SpawnRequest request)
    {
        if (error != 0)
        {
            throw new SpawnException($"{request.Name}: cannot be started: {Libc.Explain(error)}");
        }
    }

    /// <summary>A null-terminated array of null-terminated strings, as the C library takes them.</summary>
    private sealed class Utf8Strings : IDisposable
    {
        private readonly int _count;

        public Utf8Strings(IReadOnlyList<string> values)
        {
            _count = values.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < values.Count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(values[i]);
                var copy = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(copy, bytes.Length));
                Pointer[i] = copy;
            }
        }

        public byte** Pointer { get; }

        public byte* this[int index] => Pointer[index];

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
