namespace Quorleans.MapReduce.Engine;

/// <summary>Why a job failed.</summary>
public enum JobFailure
{
    /// <summary>The application's code threw; the message says at which record.</summary>
    UserCode,

    /// <summary>An input is missing, unreadable, changed while it was read, or not in the expected format.</summary>
    Input,

    /// <summary>A record or a pair is longer than allowed.</summary>
    TooLong,

    /// <summary>The disk of the intermediate files or of the output is full.</summary>
    DiskFull,

    /// <summary>An intermediate file is not what was written.</summary>
    CorruptIntermediate,

    /// <summary>An intermediate or output file cannot be written or read.</summary>
    Storage,

    /// <summary>The output exists, or cannot be created or published.</summary>
    Output,
}
