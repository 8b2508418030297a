using System.Runtime.InteropServices;

namespace Banyan.Cli.Up.Processes;

/// <summary>The few calls to the C library that the base class library does not offer.</summary>
/// <remarks>Structures are passed as raw bytes, larger than both glibc's and musl's, and only touched by the library itself.</remarks>
internal static unsafe partial class Libc
{
    public const int Interrupted = 4;
    public const int NoSuchProcess = 3;

    public const short SpawnSetSignalDefault = 0x04;
    public const short SpawnSetSignalMask = 0x08;
    public const short SpawnSetSession = 0x80;

    public const int WaitNoHang = 1;
    public const int WaitExited = 4;
    public const int WaitNoWait = 0x01000000;
    public const int WaitForPid = 1;

    public const int SetChildSubreaper = 36;
    public const int CloseOnExec = 0x80000;

    /// <summary>F_SETFD.</summary>
    public const int SetFlags = 2;

    /// <summary>FD_CLOEXEC.</summary>
    public const int DescriptorCloseOnExec = 1;

    [LibraryImport("libc", EntryPoint = "fcntl")]
    public static partial int SetDescriptorFlags(int descriptor, int command, int flags);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int PosixSpawn(out int pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int SpawnAttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int SpawnAttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SpawnAttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SpawnAttributesSetSignalDefault(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SpawnAttributesSetSignalMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsAddDup2(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int FileActionsAddOpen(byte* actions, int to, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    public static partial int FileActionsAddChangeDirectory(byte* actions, byte* path);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SignalSetFill(byte* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SignalSetEmpty(byte* set);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int idType, int id, byte* info, int options);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>Unlike stat's, its structure is the same on every processor: see <see cref="FileOwner"/>.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatX(int folder, string path, int flags, uint mask, byte* result);

    /// <summary>What an error number means, in words.</summary>
    public static string Explain(int error) => Marshal.GetPInvokeErrorMessage(error);
}
