/*
 * mpirun mpi_upload FILE BUCKET KEY [UPLOAD_ID] - many machines, one object.
 * Each rank sends its share of the parts of a file that all of them see; rank
 * 0 initiates the upload, gathers the parts of the others, and completes it.
 *
 * The upload ID is printed first. If a rank or a machine fails, no object is
 * created, and a second run with that ID, with any number of ranks, sends only
 * the parts that OSS does not have. To abort instead, see list_and_abort.
 *
 * Reads the same environment as put_file. Build it with mpicc.
 */
#define _POSIX_C_SOURCE 200809L
#include "ossmpu.h"

#include <fcntl.h>
#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_SIZE (1 << 20)
#define MOST_PARTS 10000 /* limit of OSS */

/* What rank 0 broadcasts, as bytes: all machines have the same data layout. An
 * empty ID means that there is nothing to do. */
typedef struct {
    char id[256];
    int64_t size, part_size;
    int32_t parts;
    int32_t resumed;
} Job;

/* What each rank reports to rank 0 of a part on OSS; number 0 is none. */
typedef struct {
    int32_t number;
    int32_t reused;
    int64_t size;
    uint64_t crc64;
    char etag[80];
} Report;

typedef struct {
    const ossmpu_client *client;
    const char *path, *bucket, *key;
    int rank, ranks;
    Job job;
} Run;

static int complain(const Run *run, int status, ossmpu_error *err) {
    const char *what =
        err ? ossmpu_error_message(err) : ossmpu_strerror(status);
    fprintf(stderr, "mpi_upload: rank %d: %s\n", run->rank, what);
    ossmpu_error_free(err);
    return status;
}

/* Parts are billed until the upload is completed or aborted. */
static void say_what_is_left(const Run *run) {
    fprintf(stderr,
            "mpi_upload: no object yet; run again with upload ID %s, or abort "
            "it\n",
            run->job.id);
}

static int64_t offset_of(const Job *job, int32_t number) {
    return job->part_size * (number - 1);
}

static int64_t length_of(const Job *job, int32_t number) {
    int64_t left = job->size - offset_of(job, number);
    return left < job->part_size ? left : job->part_size;
}

/* The number of parts of a rank: rank + 1 and every ranks-th after it. */
static int32_t share_of(const Run *run, int rank) {
    int32_t rest = run->job.parts - rank;
    return rest > 0 ? (rest + run->ranks - 1) / run->ranks : 0;
}

/* The CRC-64 of a part in the file; 0 if it cannot be read. */
static int crc64_of(const char *path, int64_t offset, int64_t length,
                    uint64_t *crc) {
    static char buffer[1 << 18];
    int fd = open(path, O_RDONLY);
    ssize_t count = 1;
    *crc = 0;
    while (fd >= 0 && length > 0 && count > 0) {
        size_t most = length < (int64_t)sizeof buffer ? (size_t)length
                                                      : sizeof buffer;
        count = pread(fd, buffer, most, offset);
        if (count > 0) {
            ossmpu_crc64(*crc, buffer, (size_t)count, crc);
            offset += count;
            length -= count;
        }
    }
    if (fd >= 0)
        close(fd);
    return fd >= 0 && length == 0;
}

/* Whether a part on OSS has the content of the file. */
static int is_same(const Run *run, const ossmpu_part_info *part) {
    int64_t length = length_of(&run->job, part->number);
    uint64_t crc64;
    return part->has_crc64 && part->size == length &&
           crc64_of(run->path, offset_of(&run->job, part->number), length,
                    &crc64) &&
           crc64 == part->crc64;
}

/* Records the parts of this rank that the handle knows of and that have the
 * content of the file. */
static int note_parts(const Run *run, const ossmpu_upload *upload,
                      Report *reports, int reused) {
    ossmpu_part_iter *iter = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_error *err = NULL;
    int status = ossmpu_upload_sent_parts(upload, &iter, &err);
    while (status == OSSMPU_OK &&
           (status = ossmpu_part_iter_next(iter, &part, &err)) == OSSMPU_OK) {
        int32_t index = part->number - 1;
        Report *report = &reports[index / run->ranks];
        if (index % run->ranks != run->rank || index >= run->job.parts ||
            report->number != 0 || (reused && !is_same(run, part)))
            continue;
        report->number = part->number;
        report->size = part->size;
        report->crc64 = part->crc64;
        report->reused = reused;
        snprintf(report->etag, sizeof report->etag, "%s", part->etag);
    }
    ossmpu_part_iter_free(iter);
    return status == OSSMPU_DONE ? OSSMPU_OK : complain(run, status, err);
}

/* Sends the parts of this rank that OSS does not have, one at a time: start
 * more ranks for more concurrency. */
static int send_share(const Run *run, Report *reports) {
    const Job *job = &run->job;
    int32_t i, share = share_of(run, run->rank);
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    int flags = job->resumed ? OSSMPU_ATTACH_LIST_PARTS : 0;
    int status = ossmpu_upload_attach(run->client, run->bucket, run->key,
                                      job->id, flags, NULL, NULL, &upload,
                                      &err);
    if (status != OSSMPU_OK)
        return complain(run, status, err);
    status = note_parts(run, upload, reports, 1);
    for (i = 0; i < share && status == OSSMPU_OK; i++) {
        int32_t number = run->rank + 1 + i * run->ranks;
        if (reports[i].number != 0)
            continue;
        status = ossmpu_upload_part_file(upload, number, run->path,
                                         offset_of(job, number),
                                         length_of(job, number), NULL, &err);
        if (status != OSSMPU_OK)
            complain(run, status, err);
    }
    if (status == OSSMPU_OK)
        status = note_parts(run, upload, reports, 0);
    ossmpu_upload_free(upload);
    return status;
}

/* Rank 0 attaches to the upload again, with a handle that knows only of the
 * parts added here, so that no other part gets into the object. The CRC-64 of
 * the object is verified against those of the parts. */
static int complete(const Run *run, const Report *reports, int32_t count) {
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int32_t i, reused = 0;
    int status = ossmpu_upload_attach(run->client, run->bucket, run->key,
                                      run->job.id, 0, NULL, NULL, &upload,
                                      &err);
    for (i = 0; i < count && status == OSSMPU_OK; i++) {
        const Report *part = &reports[i];
        if (part->number == 0)
            continue;
        reused += part->reused;
        status = ossmpu_upload_add_part(upload, part->number, part->size,
                                        part->etag, &part->crc64, &err);
    }
    if (status == OSSMPU_OK)
        status = ossmpu_upload_complete(upload, NULL, NULL, &result, &err);
    if (result != NULL)
        printf("%" PRId64 " bytes in %" PRId32 " parts by %d ranks, %" PRId32
               " of them resumed, ETag %s\n",
               ossmpu_result_int(result, OSSMPU_RESULT_SIZE), run->job.parts,
               run->ranks, reused,
               ossmpu_result_str(result, OSSMPU_RESULT_ETAG));
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
    if (status == OSSMPU_OK)
        return status;
    if (ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) == 0)
        say_what_is_left(run);
    return complain(run, status, err);
}

/* What all ranks do once they have the job. */
static int upload(const Run *run) {
    int32_t most = share_of(run, 0); /* no rank has more */
    size_t ranks = run->rank == 0 ? (size_t)run->ranks : 1;
    Report *mine = calloc((size_t)most, sizeof *mine);
    Report *all = calloc((size_t)most * ranks, sizeof *all);
    int bytes = most * (int)sizeof *mine;
    int worst, status = OSSMPU_ENOMEM;
    if (mine != NULL && all != NULL)
        status = send_share(run, mine);
    /* All ranks must have sent their parts before the upload is completed. */
    MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (worst == OSSMPU_OK) {
        MPI_Gather(mine, bytes, MPI_BYTE, all, bytes, MPI_BYTE, 0,
                   MPI_COMM_WORLD);
        if (run->rank == 0)
            worst = complete(run, all, most * run->ranks);
    } else if (run->rank == 0) {
        say_what_is_left(run);
    }
    free(all);
    free(mine);
    return worst;
}

/* Rank 0 checks the file, and initiates the upload unless it has an ID. */
static int prepare(Run *run, const char *id) {
    Job *job = &run->job;
    ossmpu_upload *initiated = NULL;
    ossmpu_error *err = NULL;
    struct stat file;
    int status = OSSMPU_OK;
    if (stat(run->path, &file) != 0) {
        perror(run->path);
        return OSSMPU_EFILE;
    }
    job->size = file.st_size;
    job->part_size = job->size / MOST_PARTS + 1;
    if (job->part_size < PART_SIZE)
        job->part_size = PART_SIZE;
    /* An empty object has one part, which is empty. */
    job->parts = (int32_t)((job->size + job->part_size - 1) / job->part_size);
    job->parts = job->parts > 0 ? job->parts : 1;
    job->resumed = id != NULL;
    if (id == NULL) {
        status = ossmpu_upload_initiate(run->client, run->bucket, run->key,
                                        NULL, NULL, &initiated, &err);
        id = ossmpu_upload_id(initiated);
    }
    if (status == OSSMPU_OK) {
        snprintf(job->id, sizeof job->id, "%s", id);
        fprintf(stderr, "mpi_upload: upload ID %s\n", job->id);
    }
    ossmpu_upload_free(initiated);
    return status == OSSMPU_OK ? status : complain(run, status, err);
}

int main(int argc, char **argv) {
    ossmpu_config *config;
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    Run run;
    int status;

    memset(&run, 0, sizeof run);
    /* A client belongs to the process that created it: initialize MPI first. */
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &run.ranks);
    if (argc < 4 || argc > 5) {
        if (run.rank == 0)
            fprintf(stderr,
                    "usage: mpirun mpi_upload FILE BUCKET KEY [UPLOAD_ID]\n");
        MPI_Finalize();
        return 2;
    }
    run.path = argv[1];
    run.bucket = argv[2];
    run.key = argv[3];
    config = ossmpu_config_new();
    ossmpu_config_set_env(config);
    status = ossmpu_client_new(config, &client, &err);
    ossmpu_config_free(config);
    if (status != OSSMPU_OK) {
        complain(&run, status, err);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    run.client = client;
    if (run.rank == 0)
        status = prepare(&run, argc > 4 ? argv[4] : NULL);
    MPI_Bcast(&run.job, sizeof run.job, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (run.job.id[0] != '\0')
        status = upload(&run);
    ossmpu_client_free(client);
    MPI_Finalize();
    return status == OSSMPU_OK ? 0 : 1;
}
