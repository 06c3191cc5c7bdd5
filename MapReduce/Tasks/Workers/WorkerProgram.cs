using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Tasks.Workers;

/// <summary>The worker's program, and what starts it.</summary>
/// <param name="File">The executable.</param>
/// <param name="Arguments">What comes before the worker's own arguments.</param>
public sealed record WorkerProgram(string File, IReadOnlyList<string> Arguments)
{
    private const string Name = "Quorleans.MapReduce.Worker";

    /// <summary>The one that lies beside this program, run by the same runtime.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static WorkerProgram Beside() => In(AppContext.BaseDirectory);

    /// <summary>The one in a folder, run by the same runtime as this process.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static WorkerProgram In(string folder)
    {
        string assembly = Path.Combine(folder, Name + ".dll");
        foreach (string needed in (string[])[assembly, Path.ChangeExtension(assembly, ".runtimeconfig.json")])
        {
            if (!System.IO.File.Exists(needed))
                throw new FileNotFoundException($"users' assemblies run in {Name}, but {needed} is missing: publish the whole folder of the program", needed);
        }

        // …/shared/Microsoft.NETCore.App/10.0.0/ → …/dotnet. A self-contained program has none, but executables of its own.
        string executable = OperatingSystem.IsWindows() ? ".exe" : "";
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet" + executable));
        if (System.IO.File.Exists(dotnet)) return new WorkerProgram(dotnet, ["exec", assembly]);
        string own = Path.Combine(folder, Name + executable);
        return System.IO.File.Exists(own)
            ? new WorkerProgram(own, [])
            : throw new FileNotFoundException($"users' assemblies run in {Name}, but neither {dotnet} nor {own} is there to start it", own);
    }
}
